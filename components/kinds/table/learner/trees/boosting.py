"""One fit of scikit-learn's boosted trees (after Ke et al. 2017, "LightGBM"), stopped by the validation split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from components.internals.sklearn import BoostedTrees, boosted_rounds, boosted_start
from components.kinds.table.learner.trees.columns import Columns

Float32 = NDArray[np.float32]

_RECIPE = {"learning_rate": 0.05, "max_leaf_nodes": 15, "l2_regularization": 1.0}
"""Smaller steps and trees than scikit-learn's defaults, which are far worse where a class is rare."""
_MOST = 1_000
"""Rounds."""
_UNWATCHED = 150
"""Rounds without a labelled validation split."""
_PATIENCE = 30
"""Rounds without a lower validation loss after which it is over."""


@dataclass(frozen=True)
class Boosted:
    """The rounds up to that of the lowest validation loss; all, where there was nothing to watch."""

    estimator: Any
    """Scikit-learn's, with the later rounds too."""
    rounds: Sequence[Sequence[Any]]
    """Of each, the trees, one for each column of the raw answer."""
    base: NDArray[np.float64]
    """What they add to, one number for each column."""
    losses: list[float]
    """Of the validation split after each round, as scikit-learn has it; empty: there was nothing to watch."""


def boosted(
    estimator: type[BoostedTrees],
    columns: Columns,
    train: tuple[Float32, NDArray[Any]],
    validation: tuple[Float32, NDArray[Any]],
    seed: int,
    **loss: Any,
) -> Boosted:
    """Fit trees, on one thread: sums of several threads differ in their last bits.

    Args:
        estimator: scikit-learn's class.
        columns: of the examples.
        train: examples `[n, F]` and their labels `[n]`.
        validation: the same of the split that is watched; it may be empty.
        seed: of the estimator.
        loss: its arguments that name the loss.
    """
    watched = len(validation[1]) > 0
    model = estimator(
        **_RECIPE,
        **loss,
        max_iter=_MOST if watched else _UNWATCHED,
        early_stopping=watched,
        n_iter_no_change=_PATIENCE,
        tol=0.0,
        categorical_features=list(range(len(columns.categories))),
        random_state=seed,
    )
    watch = {"X_val": columns.arranged(validation[0]), "y_val": validation[1]} if watched else {}
    with threadpool_limits(1):
        model.fit(columns.arranged(train[0]), train[1], **watch)
    losses = [-float(score) for score in model.validation_score_[1:]]
    kept = int(np.argmin(losses)) + 1 if losses else None
    return Boosted(model, boosted_rounds(model)[:kept], boosted_start(model), losses[:kept])
