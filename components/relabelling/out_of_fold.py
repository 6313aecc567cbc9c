"""Probabilities of the classes of each example, by a model that has not learned from its label.

Those of the cross-validation, where the stage has left some: they are the served recipe's. Else those of the workload's
baseline, trained on five parts in turn: it is simple, and quick to train. The network itself is not asked: it may have
learned wrong labels of its training split by heart, and its embedding tells them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components import catalogue
from components.config.params import Workload
from components.kinds.cross_validation import read_outputs
from components.kinds.prepared import PreparedData, known
from components.kinds.resplit import all_examples, resplit
from components.tasks.evaluation import TaskEvaluation
from components.tasks.out_of_fold import OutOfFold, identities
from components.training.folds import assigned, units

FOLDS = 5

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Probabilities:
    """Of n examples with a label."""

    members: Int64
    """`[n]`, their places among all: those of train, of validation and of test."""
    labels: Int64
    """`[n]`."""
    values: Float64
    """`[n, K]`."""
    said: str
    """Whose they are."""


def probabilities(name: str, data: PreparedData, workload: Workload) -> Probabilities:
    """Return the probabilities of every example of the workload `name` that has a label."""
    labels = all_examples(data, "labels")
    members = np.flatnonzero(known(labels))
    if (found := _cross_validated(name, data, members)) is not None:
        return Probabilities(members, labels[members], found, "the cross-validation, of models that never saw them")
    evaluation = catalogue.evaluation(data.kind, data.task)
    found = simple_probabilities(data, members, labels[members], evaluation, workload)
    said = f"the baseline, trained {FOLDS} times on the examples of other folds"
    return Probabilities(members, labels[members], found, said)


def simple_probabilities(
    data: PreparedData, members: Int64, labels: Int64, evaluation: TaskEvaluation, workload: Workload
) -> Float64:
    """Return what the baseline answers, `[n, K]`, about the examples at `members`, of each fold by the others'."""
    folds = assigned(units(data)[members], labels, FOLDS)
    found = np.zeros((len(members), len(data.classes)))
    for fold in range(int(folds.max()) + 1):
        out, others = np.flatnonzero(folds == fold), members[folds != fold]
        view = resplit(data, {"train": others, "validation": others[:1], "test": members[out]})
        found[out] = evaluation.baseline(view, workload.train)
    return found


def _cross_validated(name: str, data: PreparedData, members: Int64) -> Float64 | None:
    """Return the answers of the cross-validation; None: there was none of exactly these examples."""
    kept = OutOfFold.of_json(read_outputs(name))
    if kept is None or kept.classes != data.classes:
        return None
    positions = kept.positions(identities(all_examples(data, "inputs"))[members])
    return None if (positions < 0).any() else kept.outputs[positions].astype(np.float64)
