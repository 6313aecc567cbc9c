"""A folder of labels with recordings, or a public data set of them -> raw records, one row a recording."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from components.config.errors import ConfigError, DataError
from components.kinds.archive import files_in
from components.kinds.leftovers import is_leftover
from components.kinds.raw import Origin, Raw

SUFFIXES = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus")
SCHEMA = pa.schema(
    [
        pa.field("sound", pa.binary(), nullable=False),
        pa.field("label", pa.string()),  # the first folder; none where the file lies in none
        pa.field("name", pa.string(), nullable=False),
        pa.field("folder", pa.string()),  # within that of the label
    ]
)
_BATCH = 1_000


class Record(NamedTuple):
    """One recording."""

    sound: bytes
    label: str | None
    name: str
    """`source/`, `inbox/` or `inbox/live/`, and its path there."""
    folder: str | None = None


def open(origin: Origin) -> Raw:
    """Open the source, what came into the inbox later, and what was answered at work.

    Raises:
        ConfigError: the source is no folder and no data set.
        DataError: there is no recording in it.
    """
    ignored: list[str] = []
    if origin.data_set is None and not Path(origin.source).is_dir():
        raise ConfigError(f"source {origin.source}: no such folder of recordings; see `source` in params.yaml")
    folders = [("source", Path(origin.source))] if origin.data_set is None else []
    folders += [("inbox", origin.inbox)] if origin.inbox else []
    files = [(start, folder, path) for start, folder in folders for path in _found(folder, ignored)]
    if origin.data_set is None and not files:
        raise DataError(
            f"{origin.source}: no recording ({', '.join(SUFFIXES)}); found {', '.join(ignored[:5]) or 'none'}"
        )
    return Raw(SCHEMA, _batches(origin, files), {"ignored": ignored})


def is_recording(path: str) -> bool:
    """Whether a file is taken for a recording, by its name."""
    return path.lower().endswith(SUFFIXES)


def to_batch(records: list[Record]) -> pa.RecordBatch:
    """Return the records as a batch."""
    columns = zip(*records, strict=True)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], SCHEMA
    )


def _found(folder: Path, ignored: list[str]) -> list[Path]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    meant = [path for path in paths if not any(is_leftover(part) for part in path.relative_to(folder).parts)]
    ignored += [str(path) for path in meant if not is_recording(path.name)]
    return [path for path in meant if is_recording(path.name)]


def _batches(origin: Origin, files: list[tuple[str, Path, Path]]) -> Iterator[pa.RecordBatch]:
    held: list[Record] = []
    for record in _records(origin, files):
        held.append(record)
        if len(held) == _BATCH:
            yield to_batch(held)
            held = []
    if held:
        yield to_batch(held)
    if origin.live:
        yield from pq.ParquetFile(origin.live).iter_batches(_BATCH)


def _records(origin: Origin, files: list[tuple[str, Path, Path]]) -> Iterator[Record]:
    if origin.data_set:
        if origin.data_set.format != "zip":
            raise DataError(f"format {origin.data_set.format!r}: recordings are read from a ZIP file only")
        for path in origin.data_set.files.values():
            for name, content in files_in(path, str(origin.data_set.settings.get("folder", ""))):
                yield Record(content, None, f"source/{name}")
    for start, folder, path in files:
        *above, name = path.relative_to(folder).parts
        label, within = (above[0], "/".join(above[1:])) if above else (None, "")
        yield Record(path.read_bytes(), label, "/".join((start, *above, name)), within or None)
