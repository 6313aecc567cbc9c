"""Answers that are learnt from, beside the inbox: somebody's records, and pictures by their event id."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.config.settings import LIVE
from components.data.ingest import MANIFEST, RECORDS
from components.erasure.subject import Removed
from components.prediction_log.identities import EVENT
from components.system.files import whole_directory


def erase_from_live(name: str, column: str, value: str) -> Iterator[Removed]:
    """Remove the workload's live records in which `column` is `value`, or, by its event id, one alone."""
    folder = LIVE / name
    if not (folder / MANIFEST).exists():
        return
    records, manifest = pq.read_table(folder / RECORDS), pq.read_table(folder / MANIFEST)
    gone = pc.equal(manifest["id"], value.rpartition("/")[2].removesuffix(".png"))
    if column != EVENT and column in records.column_names:
        gone = pc.or_(gone, pc.fill_null(pc.equal(pc.cast(records[column], pa.string()), value), False))
    count = pc.sum(gone).as_py() or 0
    if not count:
        return
    with whole_directory(folder) as draft:
        pq.write_table(records.filter(pc.invert(gone)), draft / RECORDS, compression="zstd")
        pq.write_table(manifest.filter(pc.invert(gone)), draft / MANIFEST, compression="zstd")
    yield Removed(str(folder), "answers that were learnt from", count)
