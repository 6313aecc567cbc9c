"""What became of the source, for people: how it was understood, what was left out and why, and the first examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from components.kinds.prepared import SPLITS, UNLABELLED, PreparedData, Split
from components.kinds.slices import quarter_names

SHOWN = 3
"""Examples of one finding, or of one class."""


@dataclass(frozen=True)
class Finding:
    """One sort of thing that validation found."""

    name: str
    """In words: `unreadable`, `out of range`."""
    count: int
    of: str
    """What is counted: `pictures`, `records`, `files`, `columns`."""
    examples: Sequence[str]
    """At most `SHOWN` of them, each with its reason."""
    lost: bool = False
    """Whether they are missing from the splits."""

    def __str__(self) -> str:
        more = self.count - len(self.examples)
        shown = ", ".join([*self.examples, *([f"and {more:,} more"] if more and self.examples else [])])
        of = self.of.removesuffix("s") if self.count == 1 else self.of
        return f"{self.name}: {self.count:,} {of}" + (f" ({shown})" if shown else "")


@dataclass(frozen=True)
class Overview:
    """What a kind tells of a prepared data set beside its counts."""

    read: Sequence[str]
    """Sentences that say how the source was understood."""
    findings: Sequence[Finding]
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The first few of each class."""
    train_days: float | None = None
    """Days that the training split spans, in whose order its examples are; None: it is no span of time."""

    @property
    def lost(self) -> list[Finding]:
        """Return what of the user's data is missing from the splits."""
        return [finding for finding in self.findings if finding.lost]


def counts_by_class(data: PreparedData) -> dict[str, dict[Split, int]]:
    """Return how many examples of each class each split has; those without a label are counted last.

    Of numbers they are counted by the quarters of the training labels. Where no label is known, there are no classes.
    """
    names, codes = _coded(data)
    counts = {split: np.bincount(codes[split] + 1, minlength=len(names) + 1).tolist() for split in SPLITS}
    found = {name: {split: counts[split][index + 1] for split in SPLITS} for index, name in enumerate(names)}
    unlabelled: dict[Split, int] = {split: counts[split][0] for split in SPLITS}
    if not any(unlabelled.values()):
        return found
    labelled = any(any(of_class.values()) for of_class in found.values())
    return {**(found if labelled else {}), UNLABELLED: unlabelled}


def first_by_class(data: PreparedData) -> dict[str, list[int]]:
    """Return the index of the first test example of each class, or of each quarter, by the names of the counts."""
    names, codes = _coded(data)
    found = {name: np.flatnonzero(codes["test"] == index)[:1].tolist() for index, name in enumerate(names)}
    return found if any(found.values()) else {UNLABELLED: [0] if data.counts["test"] else []}


def _coded(data: PreparedData) -> tuple[list[str], dict[Split, NDArray[np.int64]]]:
    """Return the names of the classes or quarters, and the index of each label, `[N]` by split; -1: not known."""
    labels = {split: np.asarray(data.labels(split)) for split in SPLITS}
    if data.classes:
        return list(data.classes), labels
    train = labels["train"][~np.isnan(labels["train"])]
    limits = np.unique(np.quantile(train, (0.25, 0.5, 0.75))) if len(train) else np.empty(0)
    codes = {split: np.where(np.isnan(found), -1, np.searchsorted(limits, found)) for split, found in labels.items()}
    return quarter_names(limits), codes
