"""Whether a data set is cross-validated, and what that takes, known before anything is trained and without torch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from components.kinds.prepared import KEYS, SPLITS
from components.training.plan import duration, training_plan

if TYPE_CHECKING:
    from components.config.params import Workload
    from components.kinds.prepared import PreparedData


@dataclass(frozen=True)
class FoldPlan:
    """A cross-validation, or why there is none."""

    folds: int
    """0: there is none."""
    told: str
    """In one sentence; empty: the test split is large enough, or nobody wants to know."""


def fold_plan(data: "PreparedData", workload: "Workload", supervised: bool = True) -> FoldPlan:
    """Return whether all examples of the data set are cross-validated, which costs so many trainings.

    `supervised`: whether labels are learned from.
    """
    asked, tested = workload.evaluate, data.counts["test"]
    if tested >= asked.cross_validate_below:
        return FoldPlan(0, "")
    least = f"evaluate.cross_validate_below ({asked.cross_validate_below:,})"
    few = f"the test split has {tested:,} examples, fewer than {least}"
    if not data.drawn:
        return FoldPlan(0, f"not cross-validated, though {few}: its splits are spans of time, or were given, not drawn")
    units = len(np.unique(np.concatenate([data.array(split, KEYS) for split in SPLITS])))
    folds = min(asked.folds, units)
    if folds < 2:
        return FoldPlan(0, f"not cross-validated, though {few}: there is one group alone")
    count = sum(data.counts.values())
    return FoldPlan(
        folds,
        f"cross-validated besides, as {few}: {folds} trainings more, each without a part of all {count:,} examples; "
        f"{_estimated(data, workload, folds, supervised)}",
    )


def _estimated(data: "PreparedData", workload: "Workload", folds: int, supervised: bool) -> str:
    """Return about how long the trainings take together."""
    if getattr(workload.train, "model", "network") == workload.train.FITTED:
        return "a few seconds each"
    held_out = data.counts["validation"] / (data.counts["train"] + data.counts["validation"])
    examples = round(sum(data.counts.values()) * (1 - 1 / folds) * (1 - held_out))
    seconds = training_plan(workload.train, max(examples, 1), data.input, supervised).estimated_seconds
    return f"{duration(folds * seconds)} on one core of this machine"
