"""Stage `ingest`: the source and the inbox -> raw records, one Parquet file."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from components.kinds import catalogue

if TYPE_CHECKING:
    from components.kinds.contract import Source
from components.config import entry
from components.config.errors import ConfigError, DataError
from components.config.files import whole_directory
from components.config.settings import INBOX, artifacts
from components.data.description import Description, read_description
from components.data.fetch import fetch

logger = logging.getLogger(__name__)


def ingest(name: str) -> None:
    """Write the raw records of the workload `name`: its source's, then its inbox's.

    The Parquet file's metadata, key `journeyman`, holds every label and the files that were ignored.

    Raises:
        DataError: the source does not answer, is not what its hash says, or holds no record.
    """
    workload = catalogue.workload(name)
    source = catalogue.source(workload.kind)
    inbox = INBOX / name
    folders = [(inbox, "inbox")] if inbox.is_dir() else []
    path = Path(workload.source)
    if path.is_dir():
        folders.insert(0, (path, "source"))
        description = None
    else:
        description = _description(path, workload.kind)
    with whole_directory(artifacts(name, "raw")) as draft:
        about = _about(source, description, [folder for folder, _ in folders])
        count = _write(draft / "records.parquet", source, about, _batches(source, description, folders))
    logger.info("ingested %s: %d records, %d labels", name, count, len(about["labels"]))


def _description(path: Path, kind: str) -> Description:
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"source {path}: neither a folder nor a data set's description (*.yaml)")
    description = read_description(path)
    if description.kind != kind:
        raise ConfigError(f"{path}: kind {description.kind!r}, but the workload is of kind {kind!r}")
    return description


def _about(source: "Source", description: Description | None, folders: list[Path]) -> dict[str, list[str]]:
    labels = list(description.labels) if description else []
    new = {label for folder in folders for label in source.labels_in(folder)} - set(labels)
    ignored = [f"{folder}/{name}" for folder in folders for name in source.ignored_in(folder)]
    return {"labels": labels + sorted(new), "ignored": ignored}


def _batches(
    source: "Source", description: Description | None, folders: list[tuple[Path, str]]
) -> Iterator[pa.RecordBatch]:
    if description:
        yield from source.from_files(description.format, fetch(description), description.labels)
    for folder, origin in folders:
        yield from source.from_folder(folder, origin)


def _write(path: Path, source: "Source", about: dict[str, list[str]], batches: Iterator[pa.RecordBatch]) -> int:
    schema = source.SCHEMA.with_metadata({"journeyman": json.dumps(about, sort_keys=True)})
    count = 0
    with (
        pq.ParquetWriter(path, schema, compression="none") as writer,
        tqdm(desc="ingest", unit=" records", mininterval=1.0) as progress,
    ):
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
            progress.update(batch.num_rows)
    if count == 0:
        raise DataError("the source holds no record: a folder of pictures is expected as label/picture.png")
    return count


if __name__ == "__main__":
    entry.run(ingest)
