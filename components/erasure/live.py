"""Answers that are learnt from, with and without a label: somebody's records, and pictures by their event id."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.config.settings import LIVE, live_before
from components.data.ingest import MANIFEST, RECORDS, UNLABELLED_MANIFEST
from components.erasure.subject import Removed
from components.kinds.prepared import UNLABELLED_RECORDS
from components.prediction_log.identities import EVENT
from components.system.files import whole_directory

_PAIRS = ((RECORDS, MANIFEST), (UNLABELLED_RECORDS, UNLABELLED_MANIFEST))


def erase_from_live(name: str, column: str, value: str) -> Iterator[Removed]:
    """Remove the workload's live records in which `column` is `value`, or, by its event id, one alone."""
    for folder in (LIVE / name, live_before(name)):
        yield from _erased(folder, column, value)


def _erased(folder: Path, column: str, value: str) -> Iterator[Removed]:
    written, count = dict[str, pa.Table](), 0
    for pair in _PAIRS:
        if (folder / pair[1]).exists():
            tables, gone = _without(folder, pair, column, value)
            written |= dict(zip(pair, tables, strict=True))
            count += gone
    if not count:
        return
    with whole_directory(folder) as draft:
        for file, table in written.items():
            pq.write_table(table, draft / file, compression="zstd")
    yield Removed(str(folder), "answers that were learnt from", count)


def _without(folder: Path, pair: tuple[str, str], column: str, value: str) -> tuple[tuple[pa.Table, pa.Table], int]:
    """Return the records and their manifest without what is to go, and how many that is."""
    records, manifest = (pq.read_table(folder / file) for file in pair)
    gone = pc.equal(manifest["id"], value.rpartition("/")[2].removesuffix(".png"))
    if column != EVENT and column in records.column_names:
        gone = pc.or_(gone, pc.fill_null(pc.equal(pc.cast(records[column], pa.string()), value), False))
    kept = pc.invert(gone)
    return (records.filter(kept), manifest.filter(kept)), pc.sum(gone).as_py() or 0
