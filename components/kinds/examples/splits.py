"""Examples in their splits: as the source gives them, with groups that are held out, else as chance draws them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import ConfigError
from components.kinds.asked import Asked, contradicting
from components.kinds.draw import TEST, TRAIN, VALIDATION, UInt64, content_keys, draw
from components.kinds.examples.labels import listed
from components.kinds.prepared import KEYS, ROWS, SPLITS, Split, write_about, write_splits

Int8 = NDArray[np.int8]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples with their labels, before they are split."""

    inputs: NDArray[Any]
    """`[N, ...]` in the kind's type."""
    rows: Int64
    """`[N]`, which raw record each is."""
    asked: Asked
    given: Int64
    """`[N]`, the split that the source gives each, an index into `SPLITS`; -1: none."""
    groups: Sequence[str | None] = ()
    """Of each, what it stays together with; empty: none has a group."""

    @cached_property
    def contents(self) -> UInt64:
        """The hash of each, `[N]`: copies have the same."""
        return content_keys(self.inputs)

    @cached_property
    def keys(self) -> UInt64:
        """What the split of each is drawn from, `[N]`: its group, else its content."""
        pairs = zip(self.groups or [None] * len(self.rows), self.contents.tolist(), strict=True)
        return np.array([content if group is None else _hash(group) for group, content in pairs], dtype=np.uint64)

    @property
    def contradicting(self) -> Bool:
        """Which are there with another label, too, `[N]`."""
        return contradicting(self.contents, self.asked.labels)

    def copied(self, splits: Int8) -> Bool:
        """Return which of the others are there in the test split, too, `[N]`: they are in no split."""
        found: Bool = np.isin(self.contents, self.contents[splits == TEST]) & (splits != TEST)
        return found

    def empty(self, splits: Int8) -> Split | None:
        """Return a split that has no example; None: each has some."""
        left = set(splits[~self.copied(splits)].tolist())
        return next((split for index, split in enumerate(SPLITS) if index not in left), None)


def given_splits(said: Sequence[Split | None]) -> Int64:
    """Return the splits as indices into `SPLITS`, `[N]`; -1: none."""
    return np.array([-1 if split is None else SPLITS.index(split) for split in said], dtype=np.int64)


def split_examples(
    examples: Examples, validation: float, test: float, test_groups: Collection[str] = (), by_content: bool = False
) -> Int8:
    """Return the split of each example, `[N]` indices into `SPLITS`: of one that none is given, chance draws.

    Args:
        examples: what is split.
        validation: part of the examples, 0..1.
        test: part of the examples, 0..1.
        test_groups: the groups that are the test split; empty: drawn.
        by_content: whether any examples of the groups that are learned from may validate.

    Raises:
        ConfigError: a group that is to be the test split is none, or the source says the splits.
    """
    keys, labels, given = examples.keys, examples.asked.labels, examples.given
    if unknown := set(test_groups) - set(examples.groups):
        there = listed(sorted({group for group in examples.groups if group}))
        raise ConfigError(f"prepare.test_groups: {listed(sorted(unknown))}: no group; there are {there}")
    if test_groups and (given >= 0).any():
        raise ConfigError("prepare.test_groups: the folders of the source say the splits: leave it out")
    splits = draw(keys, labels, validation, test)
    for split in (VALIDATION, TEST):
        if (given == split).any():
            splits[splits == split] = TRAIN
            splits[given == split] = split
    if test_groups:
        held_out = np.array([group in test_groups for group in examples.groups])
        splits[held_out] = TEST
        _draw_validation(splits, ~held_out, keys, labels, validation / (1 - test))
    if by_content and not (given == VALIDATION).any():
        _draw_validation(splits, splits != TEST, examples.contents, labels, validation / (1 - test))
    return splits


def write_examples(path: Path, kind: str, input: Mapping[str, Any], examples: Examples, splits: Int8) -> None:
    """Write the examples by their split, without copies of test examples, and `prepared.json` into the folder `path`.

    Of splits that chance has drawn, what they were drawn from is written too.
    """
    arrays = {"inputs": examples.inputs, "labels": examples.asked.labels, ROWS: examples.rows}
    if (examples.given < 0).all():
        arrays[KEYS] = examples.keys
    kept = ~examples.copied(splits)
    counts = write_splits(path, splits[kept], **{name: array[kept] for name, array in arrays.items()})
    write_about(path, kind, examples.asked.classes, input, counts, examples.asked.task)


def _draw_validation(splits: Int8, among: Bool, keys: UInt64, labels: NDArray[Any], part: float) -> None:
    """Put each of the examples `among` into the training or the validation split."""
    drawn = draw(keys[among], labels[among], part, 0.0)
    splits[among] = np.where(drawn == TEST, TRAIN, drawn)


def _hash(group: str) -> int:
    return int.from_bytes(blake2b(group.encode(), digest_size=8).digest(), "little")
