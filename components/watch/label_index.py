"""Which labels may name a row of a day, by hashes of what they name it by: eight bytes a label, whatever it says.

A label names its row by the event id, by the caller's own key, or by the request and the row's number in it.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.prediction_log.reader import Log
from components.watch.labelled import places

ROW = ("id", "key", "request_id", "row")
"""Columns of the log by which a row is named."""

Hashes = NDArray[np.uint64]


class LabelIndex:
    """The labels that were recorded before some moment."""

    def __init__(self, log: Log, until: datetime) -> None:
        """Read all of them once.

        Args:
            log: that stands still (`Log.standing`).
            until: labels from then on are left out.
        """
        self._sources: list[Path | None] = [None, *log.label_files()]  # None: the segments
        read = [label_names(log.labels(until, sources=[source])) for source in self._sources]
        names = np.concatenate(read)
        source_of = np.repeat(np.arange(len(read), dtype=np.int32), [len(each) for each in read])
        order = np.argsort(names, kind="stable")
        self._names, self._source_of = names[order], source_of[order]
        self._met = np.zeros(len(names), dtype=np.bool_)

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self._names)

    @property
    def unmatched(self) -> int:
        """How many name no row that was asked for."""
        return len(self._met) - int(self._met.sum())

    def naming(self, rows: Hashes) -> list[Path | None]:
        """Return which files, and the segments (None), have labels of some rows.

        Args:
            rows: what they are named by; see `row_names`.
        """
        first, behind = (np.searchsorted(self._names, rows, side) for side in ("left", "right"))
        there = behind > first
        first, counts = first[there], (behind - first)[there]
        within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        found = np.repeat(first, counts) + within
        self._met[found] = True
        return [self._sources[index] for index in np.unique(self._source_of[found]).tolist()]


def row_names(rows: Iterable[pa.RecordBatch]) -> Hashes:
    """Return the hashes of all that rows, with the columns `ROW`, may be named by; each once, ascending."""
    found = [
        _hashes(column, by) for batch in rows for by, column in enumerate((batch["id"], batch["key"], places(batch)))
    ]
    return np.unique(np.concatenate([*found, np.empty(0, dtype=np.uint64)]))


def label_names(labels: pa.Table) -> Hashes:
    """Return the hash of what each label names its row by, `[N]`, ascending."""
    events, keys = labels["event_id"], labels["key"]
    keys = pc.if_else(pc.is_null(events), keys, None)
    requests = pc.if_else(pc.and_(pc.is_null(events), pc.is_null(keys)), places(labels), None)
    return np.sort(np.concatenate([_hashes(column, by) for by, column in enumerate((events, keys, requests))]))


def _hashes(column: pa.Array | pa.ChunkedArray, by: int) -> Hashes:
    series: pl.Series = pl.from_arrow(pc.drop_null(column))  # type: ignore[assignment]
    return series.hash(by).to_numpy()
