"""What `components/internals/sklearn.py` uses of scikit-learn is in the pinned version, and means what it did."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from components.internals.sklearn import boosted_rounds, boosted_start


@pytest.mark.parametrize(("classes", "columns"), [(2, 1), (3, 3), (None, 1)])
def test_rounds_and_start_are_those_of_the_fit(classes: int | None, columns: int) -> None:
    random = np.random.default_rng(0)
    inputs, labels = random.random((200, 2)), random.integers(0, classes or 200, 200)
    estimator = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = estimator(max_iter=4, early_stopping=False).fit(inputs, labels)
    rounds, start = boosted_rounds(model), boosted_start(model)
    assert [len(trees) for trees in rounds] == [columns] * 4, "scikit-learn keeps the trees of its rounds otherwise"
    assert start.shape == (columns,)
    assert all("value" in (tree.nodes.dtype.names or ()) for trees in rounds for tree in trees)
