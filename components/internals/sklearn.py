"""What trees use of scikit-learn's boosted trees that its documentation does not name. Needs scikit-learn alone."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

BoostedTrees: TypeAlias = HistGradientBoostingClassifier | HistGradientBoostingRegressor


def boosted_rounds(model: BoostedTrees) -> Sequence[Sequence[Any]]:
    """Return the trees of each round of a fitted model, one for each column of its raw answer; each has `nodes`."""
    rounds: Sequence[Sequence[Any]] = model._predictors
    return rounds


def boosted_start(model: BoostedTrees) -> NDArray[np.float64]:
    """Return what the first round of a fitted model adds to, one number for each column of its raw answer."""
    start: NDArray[np.float64] = np.ravel(model._baseline_prediction)
    return start
