"""Stage `ingest`: the source, the inbox and what was answered at work -> raw records, one Parquet file."""

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.parquet as pq

from components import catalogue
from components.config.errors import ConfigError, DataError
from components.config.params import Workload
from components.config.settings import INBOX, LIVE, artifacts
from components.data.description import read_description
from components.data.fetch import fetch
from components.kinds.prepared import UNLABELLED_RECORDS
from components.kinds.raw import DataSet, Origin, Raw
from components.system import entry
from components.system.files import whole_directory
from components.system.progress import Progress

if TYPE_CHECKING:
    from components.kinds.contract.data import UnlabelledSource

logger = logging.getLogger(__name__)

RECORDS = "records.parquet"
MANIFEST = "manifest.parquet"
"""What of the raw records was answered at work, and who labelled it; beside them, if there is any."""
UNLABELLED_MANIFEST = "unlabelled_manifest.parquet"
"""The same of those without labels."""
_GROUP = 2**17  # rows of a row group, or
_GROUP_BYTES = 64 * 2**20  # its bytes in memory


def ingest(name: str) -> None:
    """Write the raw records of the workload `name`: its source's, then its inbox's, then those of its work.

    The Parquet file's metadata, key `journeyman`, holds what the kind says of them all.

    Raises:
        DataError: the source does not answer, is not what its hash says, or holds no record.
    """
    workload = catalogue.workload(name)
    with whole_directory(artifacts(name, "raw")) as draft:
        count = write_raw(name, workload, draft / RECORDS)
        for file in (MANIFEST, *([UNLABELLED_MANIFEST] if workload.unlabelled_answers() else [])):
            if (manifest := LIVE / name / file).exists():
                shutil.copyfile(manifest, draft / file)
    logger.info("ingested %s: %s records", name, f"{count:,}")


def write_raw(name: str, workload: Workload, path: Path) -> int:
    """Write the raw records of the workload to the Parquet file `path`; return how many there are.

    Those without labels, of the folder that the section names and of the log, are in `unlabelled.parquet` beside it.

    Raises:
        DataError: see `ingest`.
    """
    inbox, live = INBOX / name, LIVE / name / RECORDS
    origin = Origin(
        workload.source,
        data_set_at(workload.source, workload.kind),
        inbox if inbox.is_dir() else None,
        live if live.exists() else None,
    )
    count = _write(path, catalogue.source(workload.kind).open(origin))
    if count == 0:
        raise DataError(f"{workload.source}: the source holds no record")
    answered = LIVE / name / UNLABELLED_RECORDS
    answered_or_none = answered if workload.unlabelled_answers() and answered.exists() else None
    if workload.unlabelled() or answered_or_none:
        source = cast("UnlabelledSource", catalogue.source(workload.kind))
        _write(path.with_name(UNLABELLED_RECORDS), source.open_unlabelled(workload.unlabelled(), answered_or_none))
    return count


def data_set_at(source: str, kind: str) -> DataSet | None:
    """Return the data set that `source` describes, its files fetched; None if `source` is data itself."""
    path = Path(source)
    if path.suffix not in (".yaml", ".yml"):
        return None
    description = read_description(path)
    if description.kind != kind:
        raise ConfigError(f"{path}: kind {description.kind!r}, but the workload is of kind {kind!r}")
    files = fetch(description) if description.files else {}
    return DataSet(description.format, files, description.labels, description.settings)


def _write(path: Path, raw: Raw) -> int:
    schema = raw.schema.with_metadata({"journeyman": json.dumps(raw.about, sort_keys=True)})
    count = 0
    with (
        pq.ParquetWriter(path, schema, compression=raw.compression) as writer,
        Progress(desc="ingest", unit=" records") as progress,
    ):
        for group in _groups(raw.batches):
            writer.write_table(group)
            count += group.num_rows
            progress.update(group.num_rows)
    return count


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Gather batches to row groups that are worth their overhead."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _GROUP or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(held)
            held, rows, size = [], 0, 0
    if held:
        yield pa.Table.from_batches(held)


if __name__ == "__main__":
    entry.run(ingest)
