"""Boosted trees in the place of a network's head, for labels that are classes and for labels that are numbers."""

from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from components.kinds.prepared import known
from components.kinds.table.learner.encoding import FeatureLayout
from components.kinds.table.learner.trees.arrays import arrays_of
from components.kinds.table.learner.trees.boosting import Boosted, boosted
from components.kinds.table.learner.trees.columns import Columns

if TYPE_CHECKING:
    from components.kinds.contract import NumberObjective, SupervisedObjective
    from components.kinds.prepared import PreparedData, Split
    from components.kinds.table.codec.input import Input

Labelled = tuple[NDArray[np.float32], NDArray[Any]]
"""Examples `[n, F]`, and their labels `[n]`."""

_NEVER = -30.0
"""Logit of a class that the training split lacks."""


@dataclass(frozen=True)
class FittedTrees:
    """What is left of a fit."""

    arrays: dict[str, NDArray[Any]]
    """Of a `TreeEnsemble`."""
    losses: list[float]
    """Of the validation split, after each round that was kept; empty: nothing was to be seen there."""


def fit(data: "PreparedData[Input]", objective: "SupervisedObjective", seed: int) -> FittedTrees:
    """Fit boosted trees on the labelled records; they answer what a network's head answers, `[N, width]`."""
    train, validation = _labelled(data, "train"), _labelled(data, "validation")
    columns = Columns.of(FeatureLayout.of(data.input), train[0])
    if train[1].dtype.kind == "f":
        return _fit_numbers(columns, train, validation, cast("NumberObjective", objective), seed)
    return _fit_classes(columns, train, validation, objective, seed)


def _labelled(data: "PreparedData[Input]", split: "Split") -> Labelled:
    """Return the records of a split whose label is known."""
    labels = np.asarray(data.labels(split))
    there = np.flatnonzero(known(labels))
    return data.inputs(split)[there], labels[there]


def _fit_classes(
    columns: Columns, train: Labelled, validation: Labelled, objective: "SupervisedObjective", seed: int
) -> FittedTrees:
    """Fit one sequence of trees for each class, of two classes one for both; classes that training lacks have none."""
    classes = np.unique(train[1])
    if len(classes) == 1:
        return FittedTrees(arrays_of(columns, [], _constant(objective, classes)), [])
    there = np.flatnonzero(np.isin(validation[1], classes))
    validation = validation[0][there], validation[1][there]
    found = boosted(HistGradientBoostingClassifier, columns, train, validation, seed)
    targets, base = _heads(objective.width, classes, found.base)
    trees = [pair for predictors in found.rounds for pair in zip(predictors, targets, strict=True)]
    return FittedTrees(arrays_of(columns, trees, base), found.losses)


def _heads(width: int, classes: NDArray[Any], base: NDArray[np.float64]) -> tuple[list[int], NDArray[np.float64]]:
    """Return to which column of the answer each tree of a round adds, and to what: of two classes to the second's."""
    if width == 1:
        return [0], base
    learned = classes if len(classes) > 2 else classes[1:]
    start = np.full(width, _NEVER)
    start[classes] = 0.0
    start[learned] = base
    return learned.tolist(), start


def _constant(objective: "SupervisedObjective", classes: NDArray[Any]) -> NDArray[np.floating]:
    """Return the answer where all labels are the same."""
    return objective.prior if objective.width == 1 else _heads(objective.width, classes, np.empty(0))[1]


def _fit_numbers(
    columns: Columns, train: Labelled, validation: Labelled, objective: "NumberObjective", seed: int
) -> FittedTrees:
    """Fit one sequence of trees for each column of the answer, by its own loss, each stopped by itself."""
    labels, watched = (objective.standardised(of_split) for _, of_split in (train, validation))
    fitted = []
    for quantile in objective.quantiles:
        loss = {"loss": "squared_error"} if quantile is None else {"loss": "quantile", "quantile": quantile}
        fitted.append(
            boosted(HistGradientBoostingRegressor, columns, (train[0], labels), (validation[0], watched), seed, **loss)
        )
    trees = [(predictor, column) for column, found in enumerate(fitted) for (predictor,) in found.rounds]
    base = np.concatenate([found.base for found in fitted])
    return FittedTrees(arrays_of(columns, trees, base), _losses(columns, fitted, validation, objective))


def _losses(columns: Columns, fitted: list[Boosted], validation: Labelled, objective: "NumberObjective") -> list[float]:
    """Return the loss after each round; a column that was stopped stays as it is."""
    if not len(validation[1]):
        return []
    examples, labels = columns.arranged(validation[0]), torch.from_numpy(validation[1])
    raw = np.zeros((len(examples), len(fitted)), dtype=np.float32)
    rounds = zip_longest(*(islice(found.estimator.staged_predict(examples), len(found.rounds)) for found in fitted))
    losses = []
    for answers in rounds:
        for column, answer in enumerate(answers):
            if answer is not None:
                raw[:, column] = answer
        losses.append(float(objective.loss(torch.from_numpy(raw), labels)))
    return losses
