"""Answers that are learnt from, with and without a label: somebody's records, and files by their event id."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.config.settings import LIVE, learnt_file, live_before
from components.data.ingest import MANIFEST, RECORDS, UNLABELLED_MANIFEST
from components.erasure.subject import Removed
from components.erasure.texts import remove_rows
from components.kinds.prepared import UNLABELLED_RECORDS
from components.prediction_log.identities import EVENT
from components.system.files import whole_directory

_FILE = re.compile(r"(?:inbox|unlabelled)/live/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.\w+")
_PAIRS = ((RECORDS, MANIFEST), (UNLABELLED_RECORDS, UNLABELLED_MANIFEST))


def event_of(key: str) -> str | None:
    """Return the event id by which a file that was learnt from is called among the raw records; None: it is not."""
    named = _FILE.fullmatch(key)
    return named[1] if named else None


def is_learnt_from(name: str, event: str) -> bool:
    """Whether the answer is among the workload's live records, with a label or without."""
    manifests = [LIVE / name / manifest for _, manifest in _PAIRS]
    return any(event in pq.read_table(path, columns=["id"])["id"].to_pylist() for path in manifests if path.exists())


def erase_from_live(name: str, column: str, value: str) -> Iterator[Removed]:
    """Remove the workload's live records in which `column` is `value`, or, by its event id, one alone."""
    for folder in (LIVE / name, live_before(name)):
        yield from _erased(folder, learnt_file(name), column, value)


def _erased(folder: Path, learnt: Path, column: str, value: str) -> Iterator[Removed]:
    written, ids = dict[str, pa.Table](), list[str]()
    for pair in _PAIRS:
        if (folder / pair[1]).exists():
            tables, gone = _without(folder, pair, column, value)
            written |= dict(zip(pair, tables, strict=True))
            ids += gone
    if not ids:
        return
    if learnt.exists():  # before the rest, by which it is found
        remove_rows(learnt, lambda row: row["id"] in ids)
    with whole_directory(folder) as draft:
        for file, table in written.items():
            pq.write_table(table, draft / file, compression="zstd")
    yield Removed(str(folder), "answers that were learnt from", len(ids))


def _without(
    folder: Path, pair: tuple[str, str], column: str, value: str
) -> tuple[tuple[pa.Table, pa.Table], list[str]]:
    """Return the records and their manifest without what is to go, and the event ids of that."""
    records, manifest = (pq.read_table(folder / file) for file in pair)
    gone = pc.equal(manifest["id"], value.rpartition("/")[2].partition(".")[0])
    if column != EVENT and column in records.column_names:
        gone = pc.or_(gone, pc.fill_null(pc.equal(pc.cast(records[column], pa.string()), value), False))
    kept = pc.invert(gone)
    return (records.filter(kept), manifest.filter(kept)), manifest.filter(gone)["id"].to_pylist()
