"""Training records that know of the evaluation: later than its first record, of its groups, or a part of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Leak
from components.kinds.prepared import PreparedData, Split

Int64 = NDArray[np.int64]


def find_leaks(data: PreparedData) -> list[Leak]:
    """Return what of the evaluation training could know, by how the records were split.

    By time: the training records of a time in the test split or after it, `later`, and the test records that are the
    `same` as one of training, to the millisecond and in all features: that the id is another one does not matter, and
    records with the same id were left out by `prepare`. By content: those that are the `same` in all features and the
    label. By group: the test records of a `group` that training knows; records of two groups may be the same.
    """
    split_by = data.input.get("split_by", "time")
    if split_by == "group":
        return [_group(data)]
    return [_same(data, "labels")] if split_by == "content" else [_later(data), _same(data, "times")]


def _later(data: PreparedData) -> Leak:
    times = np.asarray(data.array("train", "times"))
    first = int(data.array("test", "times").min())
    later = np.flatnonzero(times >= first)
    example = ""
    if len(later):
        example = f"training record {later[0]} is of {_date(times[later[0]])}, the test begins {_date(first)}"
    return Leak("later", len(later), len(times), example)


def _group(data: PreparedData) -> Leak:
    train, test = np.asarray(data.array("train", "keys")), np.asarray(data.array("test", "keys"))
    known = np.flatnonzero(np.isin(test, train))
    example = f"test record {known[0]} is of a group that is in training" if len(known) else ""
    return Leak("group", len(known), len(test), example)


def _same(data: PreparedData, beside: str) -> Leak:
    """Return the test records that stand in training, with the same in the array `beside` the features."""
    train, test = data.array("train", beside), data.array("test", beside)
    shared = np.intersect1d(train, test)  # no time is, where the split is in order
    known = {row: index for index, row in _rows(data, "train", np.flatnonzero(np.isin(train, shared)), beside)}
    others = _rows(data, "test", np.flatnonzero(np.isin(test, shared)), beside)
    pairs = [(index, known[row]) for index, row in others if row in known]
    example = f"test record {pairs[0][0]} is training record {pairs[0][1]}" if pairs else ""
    return Leak("same", len(pairs), len(test), example)


def _rows(data: PreparedData, split: Split, indices: Int64, beside: str) -> Iterator[tuple[int, bytes]]:
    """Yield each index, and a digest of the record there."""
    inputs, others = data.inputs(split), data.array(split, beside)
    for index in indices.tolist():
        record = others[index].tobytes() + inputs[index].tobytes()
        yield index, blake2b(record, digest_size=16).digest()


def _date(time: int) -> str:
    return datetime.fromtimestamp(int(time) / 1_000, UTC).isoformat(sep=" ", timespec="seconds")
