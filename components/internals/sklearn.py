"""What trees use of scikit-learn's boosted trees that its documentation does not name. Needs scikit-learn alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier


def boosted_rounds(model: HistGradientBoostingClassifier) -> Sequence[Sequence[Any]]:
    """Return the trees of each round of a fitted model, one for each column of its raw answer; each has `nodes`."""
    rounds: Sequence[Sequence[Any]] = model._predictors
    return rounds


def boosted_start(model: HistGradientBoostingClassifier) -> NDArray[np.float64]:
    """Return what the first round of a fitted model adds to, one number for each column of its raw answer."""
    start: NDArray[np.float64] = model._baseline_prediction[0]
    return start
