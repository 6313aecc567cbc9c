"""Where pictures come from -> raw records, one row a picture: its bytes, its label, its name, its split if given."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.config.errors import ConfigError
from components.kinds.examples.batches import BATCH
from components.kinds.image.source.files import SUFFIXES as SUFFIXES
from components.kinds.image.source.files import is_picture as is_picture
from components.kinds.image.source.folder import Folder, look_at, refuse_empty
from components.kinds.image.source.idx import from_files
from components.kinds.image.source.records import SCHEMA as SCHEMA
from components.kinds.image.source.unlabelled import open_unlabelled as open_unlabelled
from components.kinds.raw import Origin, Raw


def open(origin: Origin) -> Raw:
    """Open the pictures of a folder or of a public data set, then those of the inbox.

    `about` has every label, those of the data set in its order before the rest, the files that were ignored, those that
    are lost unless something is done about them, and how the folders were understood.

    Raises:
        ConfigError: the source is neither.
        DataError: there is no picture, or the folders may be read in two ways.
    """
    folders = [look_at(origin.inbox, "inbox")] if origin.inbox else []
    if origin.data_set is None:
        path = Path(origin.source)
        if not path.is_dir():
            raise ConfigError(f"source {origin.source}: {_neither(path)}")
        source = look_at(path, "source", origin.source, wrapped=True)
        if not source.files.pictures and not any(folder.files.pictures for folder in folders):
            refuse_empty(source, origin.source)
        folders.insert(0, source)
    return Raw(SCHEMA, _batches(origin, folders), _about(origin, folders))


def _neither(path: Path) -> str:
    if path.suffix.lower() in (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar") and path.is_file():
        return "an archive: unpack it, and set source to the folder"
    if path.is_file() and not path.suffix.lower().startswith((".yaml", ".yml")):
        return f"a file; of pictures and the table that names them, set source to their folder: {path.parent}"
    if not path.exists():
        return "no such folder; see `source` in params.yaml"
    return "neither a folder nor a data set's description (*.yaml)"


def _about(origin: Origin, folders: Sequence[Folder]) -> dict[str, Any]:
    known = list(origin.data_set.labels) if origin.data_set else []
    new = ({label for folder in folders for label in folder.labels} | _live_labels(origin)) - set(known)
    abouts = [(folder, folder.about()) for folder in folders]
    return {
        "labels": known + sorted(new),
        "ignored": [f"{folder.path}/{name}" for folder, about in abouts for name in about["ignored"]],
        "lost": {name: said for _, about in abouts for name, said in about["lost"].items()},
        "unlabelled": [name for _, about in abouts for name in about["unlabelled"]],
        "ask": [sentence for _, about in abouts for sentence in about["ask"]],
        "media": {label: said for _, about in abouts for label, said in about["media"].items()},
        "tables": {name: said for _, about in abouts for name, said in about["tables"].items()},
        "read": list(dict.fromkeys(sentence for _, about in abouts for sentence in about["read"])),
    }


def _batches(origin: Origin, folders: Sequence[Folder]) -> Iterator[pa.RecordBatch]:
    if origin.data_set:
        yield from from_files(origin.data_set)
    for folder in folders:
        yield from folder.batches()
    if origin.live:
        yield from pq.ParquetFile(origin.live).iter_batches(BATCH)


def _live_labels(origin: Origin) -> set[str]:
    if not origin.live:
        return set()
    return set(pq.read_table(origin.live, columns=["label"])["label"].unique().to_pylist())
