"""Training records that know of the evaluation: later than its first record, or a part of it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Leak
from components.kinds.prepared import PreparedData, Split


def find_leaks(data: PreparedData) -> list[Leak]:
    """Return the training records of a time in the test split or after it, `later`, and those that stand in it, `same`.

    The same is a record of the same millisecond with the same features: that its id is another one does not matter,
    and records with the same id were left out by `prepare`.
    """
    times = np.asarray(data.array("train", "times"))
    first = int(data.array("test", "times").min())
    later = np.flatnonzero(times >= first)
    example = ""
    if len(later):
        example = f"training record {later[0]} is of {_date(times[later[0]])}, the test begins {_date(first)}"
    return [Leak("later", len(later), len(times), example), _same(data)]


def _same(data: PreparedData) -> Leak:
    train, test = data.array("train", "times"), data.array("test", "times")
    shared = np.intersect1d(train, test)  # no time is, where the split is in order
    known = {row: index for index, row in _rows(data, "train", np.flatnonzero(np.isin(train, shared)))}
    others = _rows(data, "test", np.flatnonzero(np.isin(test, shared)))
    pairs = [(index, known[row]) for index, row in others if row in known]
    example = f"test record {pairs[0][0]} is training record {pairs[0][1]}" if pairs else ""
    return Leak("same", len(pairs), len(test), example)


def _rows(data: PreparedData, split: Split, indices: NDArray[np.int64]) -> Iterator[tuple[int, bytes]]:
    """Yield each index, and the bytes of the record there."""
    inputs, times = data.inputs(split), data.array(split, "times")
    for index in indices.tolist():
        yield index, times[index].tobytes() + inputs[index].tobytes()


def _date(time: int) -> str:
    return datetime.fromtimestamp(int(time) / 1_000, UTC).isoformat(sep=" ", timespec="seconds")
