"""Boosted trees of scikit-learn (after Ke et al. 2017, "LightGBM") on the training split, stopped by validation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from components.internals.sklearn import boosted_rounds, boosted_start
from components.kinds.prepared import known
from components.kinds.table.learner.encoding import FeatureLayout
from components.kinds.table.learner.trees.arrays import arrays_of
from components.kinds.table.learner.trees.columns import Columns

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.prepared import PreparedData, Split
    from components.kinds.table.codec.input import Input

_RECIPE = {"learning_rate": 0.05, "max_leaf_nodes": 15, "l2_regularization": 1.0}
"""Smaller steps and trees than scikit-learn's defaults, which are far worse where a class is rare."""
_MOST = 1_000
"""Rounds."""
_UNWATCHED = 150
"""Rounds without a labelled validation split."""
_PATIENCE = 30
"""Rounds without a lower validation loss after which it is over."""
_NEVER = -30.0
"""Logit of a class that the training split lacks."""


@dataclass(frozen=True)
class FittedTrees:
    """What is left of a fit."""

    arrays: dict[str, NDArray[Any]]
    """Of a `TreeEnsemble`."""
    losses: list[float]
    """Of the validation split, after each round that was kept; empty: nothing was to be seen there."""


def fit(data: "PreparedData[Input]", objective: "Objective", seed: int) -> FittedTrees:
    """Fit boosted trees on the labelled records; they answer what a network's head answers, `[N, width]`.

    On one thread: sums of several threads differ in their last bits.
    """
    inputs, labels = _labelled(data, "train")
    columns = Columns.of(FeatureLayout.of(data.input), inputs)
    classes = np.unique(labels)
    if len(classes) == 1:
        return FittedTrees(arrays_of(columns, [], _constant(objective, classes)), [])
    validation = _validation(data, columns, classes)
    model = _estimator(columns, seed, bool(validation))
    with threadpool_limits(1):
        model.fit(columns.arranged(inputs), labels, **validation)
    losses = [-float(score) for score in model.validation_score_[1:]]
    rounds = boosted_rounds(model)[: int(np.argmin(losses)) + 1 if losses else None]
    targets, base = _heads(objective.width, classes, boosted_start(model))
    trees = [pair for predictors in rounds for pair in zip(predictors, targets, strict=True)]
    return FittedTrees(arrays_of(columns, trees, base), losses[: len(rounds)])


def _labelled(data: "PreparedData[Input]", split: "Split") -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return the records of a split whose label is known, and their labels."""
    labels = np.asarray(data.labels(split))
    there = np.flatnonzero(known(labels))
    return data.inputs(split)[there], labels[there]


def _validation(data: "PreparedData[Input]", columns: Columns, classes: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return what to watch, of classes that training knows; nothing where there is none."""
    inputs, labels = _labelled(data, "validation")
    there = np.flatnonzero(np.isin(labels, classes))
    return {"X_val": columns.arranged(inputs[there]), "y_val": labels[there]} if len(there) else {}


def _estimator(columns: Columns, seed: int, watched: bool) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        **_RECIPE,
        max_iter=_MOST if watched else _UNWATCHED,
        early_stopping=watched,
        n_iter_no_change=_PATIENCE,
        tol=0.0,
        categorical_features=list(range(len(columns.categories))),
        random_state=seed,
    )


def _heads(width: int, classes: NDArray[Any], base: NDArray[np.float64]) -> tuple[list[int], NDArray[np.float64]]:
    """Return to which column of the answer each tree of a round adds, and to what: of two classes to the second's."""
    if width == 1:
        return [0], base
    learned = classes if len(classes) > 2 else classes[1:]
    start = np.full(width, _NEVER)
    start[classes] = 0.0
    start[learned] = base
    return learned.tolist(), start


def _constant(objective: "Objective", classes: NDArray[Any]) -> NDArray[np.floating]:
    """Return the answer where all labels are the same."""
    return objective.prior if objective.width == 1 else _heads(objective.width, classes, np.empty(0))[1]
