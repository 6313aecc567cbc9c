"""A folder of labels with recordings, or a public data set of them -> raw records, one row a recording."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from components.config.errors import ConfigError, DataError
from components.kinds.archive import files_in
from components.kinds.examples.batches import BATCH, in_batches
from components.kinds.folders import Place, as_text, files_below, lay_out
from components.kinds.raw import Origin, Raw

SUFFIXES = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus")
SCHEMA = pa.schema(
    [
        pa.field("sound", pa.binary(), nullable=False),
        pa.field("label", pa.string()),  # the first folder; none where the file lies in none
        pa.field("name", pa.string(), nullable=False),
        pa.field("folder", pa.string()),  # within that of the label
        pa.field("split", pa.string()),  # where folders are called as splits
    ]
)


class Record(NamedTuple):
    """One recording."""

    sound: bytes
    label: str | None
    name: str
    """`source/`, `inbox/` or `inbox/live/`, and its path there."""
    folder: str | None = None
    split: str | None = None


class _File(NamedTuple):
    """A recording that is to be read."""

    path: Path
    name: str
    place: Place


def open(origin: Origin) -> Raw:
    """Open the source, what came into the inbox later, and what was answered at work.

    Raises:
        ConfigError: the source is no folder and no data set.
        DataError: there is no recording in it.
    """
    if origin.data_set is None and not Path(origin.source).is_dir():
        raise ConfigError(f"source {origin.source}: {_neither(Path(origin.source))}")
    folders = [("source", Path(origin.source), origin.source)] if origin.data_set is None else []
    folders += [("inbox", origin.inbox, str(origin.inbox))] if origin.inbox else []
    files: list[_File] = []
    ignored: list[str] = []
    read: list[str] = []
    ask: list[str] = []
    for start, folder, source in folders:
        below = files_below(folder)
        meant = [path for path in below if is_recording(path.name)]
        ignored += [as_text(str(path)) for path in below if not is_recording(path.name)]
        layout = lay_out([path.relative_to(folder).parts for path in meant], source, wrapped=start == "source")
        read += layout.read
        ask += [layout.ask] if layout.ask else []
        names = [f"{start}/{as_text(path.relative_to(folder).as_posix())}" for path in meant]
        files += map(_File, meant, names, layout.places)
    if origin.data_set is None and not files:
        raise DataError(
            f"{origin.source}: no recording ({', '.join(SUFFIXES)}); found {', '.join(ignored[:5]) or 'none'}"
        )
    return Raw(SCHEMA, _batches(origin, files), {"ignored": ignored, "read": read, "ask": ask})


def _neither(path: Path) -> str:
    if path.is_file() and path.suffix.lower() in (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"):
        return "an archive: unpack it, and set source to the folder"
    if path.is_file():
        return "a file: set source to a folder that has for each label a folder of recordings"
    return "no such folder of recordings; see `source` in params.yaml"


def is_recording(path: str) -> bool:
    """Whether a file is taken for a recording, by its name."""
    return path.lower().endswith(SUFFIXES)


def _batches(origin: Origin, files: list[_File]) -> Iterator[pa.RecordBatch]:
    yield from in_batches(_records(origin, files), SCHEMA)
    if origin.live:
        yield from map(_padded, pq.ParquetFile(origin.live).iter_batches(BATCH))


def _padded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return answered recordings with every column: those of an older version may lack some."""
    there = set(batch.schema.names)
    columns = [batch[field.name] if field.name in there else pa.nulls(batch.num_rows, field.type) for field in SCHEMA]
    return pa.record_batch(columns, SCHEMA)


def _records(origin: Origin, files: list[_File]) -> Iterator[Record]:
    if origin.data_set:
        if origin.data_set.format != "zip":
            raise DataError(f"format {origin.data_set.format!r}: recordings are read from a ZIP file only")
        for path in origin.data_set.files.values():
            for name, content in files_in(path, str(origin.data_set.settings.get("folder", ""))):
                yield Record(content, None, f"source/{name}")
    for path, name, place in files:
        yield Record(path.read_bytes(), place.label, name, place.folder, place.split)
