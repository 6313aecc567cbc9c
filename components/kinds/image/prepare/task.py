"""What the labels of pictures ask for: one of several classes, one of two that is to be found, a number, or nothing."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.asked import true_of
from components.kinds.image.prepare.anomalies import Anomalies, find_anomalies
from components.kinds.image.prepare.columns import are_numbers
from components.kinds.prepared import UNLABELLED, Split

KEY = "prepare.positive"
NO_LABELS = "none"
"""What `prepare.labels` says of pictures without labels, which ask for anomalies."""

_LISTED = 5


@dataclass(frozen=True)
class AskedTask:
    """The task, and what the labels mean to it."""

    name: str
    positive: str | None
    """The label that is to be found, of a detection."""
    read: list[str]
    """Sentences for people."""
    anomalies: Anomalies | None = None
    """Which labels are ordinary and which are not, where that is asked."""

    def classes(self, labels: Sequence[str]) -> list[str]:
        """Return the classes of today's `labels`, of two the negative one first; none of numbers."""
        if self.name == "regression":
            return []
        if self.anomalies is not None:
            return self.anomalies.classes
        if self.positive is None:
            return list(labels)
        return [*(label for label in labels if label != self.positive), self.positive]

    def told(self, labels: Sequence[str], classes: Sequence[str]) -> NDArray[Any]:
        """Return what is written of the labels `[N]`: int64 indices of `classes`, -1 not known, or float64 numbers."""
        if self.name == "regression":
            return np.array([float(label) for label in labels], dtype=np.float64)
        if self.anomalies is not None:
            return np.array([self.anomalies.index(label) for label in labels], dtype=np.int64)
        number = {label: index for index, label in enumerate(classes)}
        return np.array([number.get(label, -1) for label in labels], dtype=np.int64)

    def shown(self, label: str) -> str:
        """Return what people are shown in place of a label: of several labels of one class that class."""
        if self.anomalies is None:
            return label
        index = self.anomalies.index(label)
        return self.anomalies.classes[index] if index >= 0 else UNLABELLED

    def stratum(self, label: str) -> str:
        """Return what is held alike in every split: the label, unless it is a number."""
        return "" if self.name == "regression" else label

    def split(self, label: str, given: Split | None) -> Split | None:
        """Return the split that a picture is given: a known anomaly is for the evaluation alone."""
        known = self.anomalies is not None and label in self.anomalies.anomalous
        return "test" if known and given is None else given


def asked_task(
    labels: Mapping[int, str],
    positive: str | None,
    task: str | None,
    normal: str | None = None,
    trained: Collection[str] = (),
) -> AskedTask:
    """Return the task that is named, or that the labels ask for.

    Args:
        labels: of the pictures, by their number.
        positive: `prepare.positive`.
        task: the workload's; None: what the labels say.
        normal: `prepare.normal`.
        trained: the labels of the training split, where the source gives splits.

    Raises:
        DataError: the labels are none of the task, or it is not clear which is the positive one.
    """
    counts = Counter(labels.values())
    asked = task or _by_labels(counts, positive)
    if asked == "anomaly":
        anomalies = find_anomalies(counts, positive, normal, trained)
        return AskedTask(asked, None, [str(anomalies)], anomalies)
    if normal is not None:
        raise DataError(f"prepare.normal is {normal!r}, which is for anomalies: write task: anomaly, or leave it out")
    if asked == "regression":
        return AskedTask(asked, None, [_of_numbers(counts)])
    if asked == "classification":
        if positive is not None:
            raise DataError(
                f"{KEY} is {positive!r}, but a classification has no positive class: leave it out, or write "
                "task: detection"
            )
        return AskedTask(asked, None, [])
    found = _positive(counts, positive, asked)
    other = next(label for label in counts if label != found)
    share = f"{counts[found]:,} of {counts.total():,} pictures, {counts[found] / counts.total():.1%}"
    return AskedTask(
        asked, found, [f"{found!r} is the one to be found ({share}), {other!r} is the other: task: {asked}"]
    )


def _by_labels(counts: Counter[str], positive: str | None) -> str:
    if positive is not None:
        return "detection"
    return "regression" if are_numbers(counts) else "classification"


def _of_numbers(counts: Counter[str]) -> str:
    numbers = {label: _number(label) for label in counts}
    if wrong := [label for label, number in numbers.items() if not math.isfinite(number)]:
        raise DataError(f"a regression tells numbers, and {_listed(wrong)} is none; or write task: classification")
    low, high = min(numbers.values()), max(numbers.values())
    if low == high:
        raise DataError(f"every picture has the number {low:g}: there is nothing to tell")
    return f"the labels are {len(numbers):,} numbers, {low:g} to {high:g}: task: regression"


def _positive(counts: Counter[str], positive: str | None, task: str) -> str:
    two = sorted(counts)
    if len(two) != 2:
        raise DataError(f"task: {task} needs two labels, and there are {len(two):,} ({_listed(two)})")
    if positive is None and (true := true_of(two)):
        return true
    if positive in two:
        return str(positive)
    wrong = "" if positive is None else f"{KEY} is {positive!r}, which is neither: "
    either = ", or ".join(f"{KEY}: {label} to find those {counts[label]:,}" for label in two)
    raise DataError(f"{wrong}the labels are {two[0]!r} and {two[1]!r}: write {either}")


def _number(label: str) -> float:
    try:
        return float(label)
    except ValueError:
        return math.nan


def _listed(labels: Sequence[str]) -> str:
    listed = ", ".join(map(repr, labels[:_LISTED]))
    return f"{listed}, …" if len(labels) > _LISTED else listed
