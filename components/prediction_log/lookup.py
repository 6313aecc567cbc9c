"""What a row was asked with, by its event id, without pyarrow: in the segments, which an endpoint can read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from components.prediction_log.event_id import ROWS, milliseconds
from components.prediction_log.record import Answered, decode, identity_of
from components.prediction_log.segment import begun_us, payloads
from components.prediction_log.writer import WAL

_SKEW_US = 60_000_000  # by which a clock may have gone back between an id and the beginning of its segment


def records_of(folder: Path, identities: Iterable[int]) -> Mapping[int, bytes]:
    """Return the records, JSON as they came, of those rows that are in a segment of the log in `folder`.

    Not found are rows that have been compacted or erased, that sampling left out, or whose records were not kept.
    """
    return {identity: entry.records[index] for identity, entry, index in _located(folder, identities) if entry.records}


class AnsweredRow(NamedTuple):
    """What was answered to one row."""

    version: str
    outputs: NDArray[np.float32]
    """`[K]`"""
    example: NDArray[Any]
    """`[...]` as the model took it."""


def answers_of(folder: Path, identities: Iterable[int]) -> Mapping[int, AnsweredRow]:
    """Return what callers were answered, of those rows that are in a segment; see `records_of`."""
    return {
        identity: AnsweredRow(entry.version, entry.outputs[index], entry.examples[index])
        for identity, entry, index in _located(folder, identities)
        if entry.origin == "caller"
    }


def _located(folder: Path, identities: Iterable[int]) -> Iterator[tuple[int, Answered, int]]:
    """Yield each row that is in a segment: its identity, the request that it is of, and where in it it is."""
    asked: dict[int, set[int]] = defaultdict(set)
    for identity in identities:
        asked[identity // ROWS].add(identity % ROWS)
    for segment, until_us in _segments(folder):
        times = [milliseconds(request * ROWS) * 1_000 for request in asked]
        if any(begun_us(segment) - _SKEW_US <= time <= until_us + _SKEW_US for time in times):
            yield from _found(segment, asked)


def _segments(folder: Path) -> Iterable[tuple[Path, int]]:
    """Yield each segment, and when the next one of its slot was begun, microseconds since 1970."""
    by_slot: dict[str, list[Path]] = defaultdict(list)
    for path in sorted((folder / WAL).glob("*.seg")):
        by_slot[path.stem.rpartition("-")[0]].append(path)
    for paths in by_slot.values():
        ends = [*map(begun_us, paths[1:]), 2**63]
        yield from zip(paths, ends, strict=True)


def _found(segment: Path, asked: Mapping[int, set[int]]) -> Iterator[tuple[int, Answered, int]]:
    try:
        for _, payload in payloads(segment):
            if (identity := identity_of(payload)) is None or (request := identity // ROWS) not in asked:
                continue
            record = decode(payload)
            if isinstance(record, Answered):
                for index, row in enumerate(record.numbers):
                    if row in asked[request]:
                        yield request * ROWS + row, record, index
    except FileNotFoundError:
        pass  # it has been compacted meanwhile
