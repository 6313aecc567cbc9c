"""What became of the source, for people: how it was understood, what was left out and why, and the first examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from components.kinds.prepared import SPLITS, PreparedData, Split

UNLABELLED = "(no label)"
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

    @property
    def lost(self) -> list[Finding]:
        """Return what of the user's data is missing from the splits."""
        return [finding for finding in self.findings if finding.lost]


def counts_by_class(data: PreparedData) -> dict[str, dict[Split, int]]:
    """Return how many examples of each class each split has; those without a label are counted last."""
    found: dict[Split, dict[int, int]] = {}
    for split in SPLITS:
        labels, counts = np.unique(np.asarray(data.labels(split)), return_counts=True)
        found[split] = dict(zip(labels.tolist(), counts.tolist(), strict=True))
    unlabelled = any(-1 in counts for counts in found.values())
    names = [*enumerate(data.classes), *([(-1, UNLABELLED)] if unlabelled else [])]
    return {name: {split: found[split].get(label, 0) for split in SPLITS} for label, name in names}
