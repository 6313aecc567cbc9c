"""Which labels may name a row of a day, by hashes of what they name it by: some bytes a label, whatever it says.

A label names its row by the event id, by the caller's own key, or by the request and the row's number in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.prediction_log.tables import ANSWERS
from components.watch.labelled import places
from components.watch.statistics.ascending import Ascending

ROW = ("id", "key", "request_id", "row")
"""Columns of the log by which a row is named."""
NAMES = pa.schema([ANSWERS.field(name) for name in ROW])
BY = ("id", "key", "request")
"""By what."""

Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Names:
    """What the labels of one file name their rows by."""

    hashes: Mapping[str, Hashes]
    """By each of `BY`, `[labels]`, ascending."""
    whole: bool
    """Whether it has all labels of the file."""


class LabelIndex:
    """All labels, by what they name."""

    def __init__(self, sources: Mapping[Path | None, Names]) -> None:
        """Take the names of the labels in each file, and in the segments (None)."""
        self._sources = list(sources)
        self.whole = {source for source, names in sources.items() if names.whole}
        """The files of which all labels are there."""
        self.kinds = [by for by in BY if any(len(names.hashes[by]) for names in sources.values())]
        """Which of `BY` are used at all."""
        each = [self.merged(names.hashes[by] for by in BY) for names in sources.values()]
        names = np.concatenate(each)
        order = np.argsort(names)
        self._names = names[order]
        self._ascending = Ascending(self._names)
        self._source_of = np.repeat(np.arange(len(each), dtype=np.int32), [len(one) for one in each])[order]
        self._met = np.zeros(len(names), dtype=np.bool_)

    @property
    def total(self) -> int:
        """How many labels there are."""
        return len(self._names)

    @property
    def unmatched(self) -> int:
        """How many name no row that was asked for."""
        return len(self._met) - int(self._met.sum())

    def naming(self, rows: Hashes) -> list[Path | None]:
        """Return which files, and the segments (None), have labels of some rows.

        Args:
            rows: what they may be named by; see `row_names`.
        """
        first = self._ascending.first(rows)
        counts = self._ascending.counts(rows, first)
        there = counts > 0
        first, counts = first[there], counts[there]
        within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        found = np.repeat(first, counts) + within
        self._met[found] = True
        return [self._sources[index] for index in np.unique(self._source_of[found]).tolist()]

    @staticmethod
    def merged(parts: Iterable[Hashes]) -> Hashes:
        """Return all of them, ascending."""
        return np.sort(np.concatenate([np.empty(0, dtype=np.uint64), *parts]), kind="stable")


def row_names(rows: Iterable[pa.RecordBatch], by: str) -> Hashes:
    """Return the hashes of what rows, with the columns `ROW`, may be named by; each once, ascending."""
    found = [_hashes(_named(batch, by), by) for batch in rows]
    return np.unique(np.concatenate([*found, np.empty(0, dtype=np.uint64)]))


def label_names(labels: pa.Table) -> dict[str, Any]:
    """Return the hashes of what labels name their rows by, as `Names` has them, and when the last was recorded."""
    events, keys = labels["event_id"], labels["key"]
    keys = pc.if_else(pc.is_null(events), keys, None)
    requests = pc.if_else(pc.and_(pc.is_null(events), pc.is_null(keys)), places(labels), None)
    last = labels["recorded"][-1].as_py() if len(labels) else None
    hashes = {by: np.sort(_hashes(column, by)) for by, column in zip(BY, (events, keys, requests), strict=True)}
    return {"hashes": hashes, "last": None if last is None else last.isoformat()}


def _named(batch: pa.RecordBatch, by: str) -> pa.Array:
    return places(batch) if by == "request" else batch[by]


def _hashes(column: pa.Array | pa.ChunkedArray, by: str) -> Hashes:
    series: Any = pl.from_arrow(pc.drop_null(column))
    found: Hashes = series.hash(BY.index(by)).to_numpy()
    return found
