"""Pictures without labels -> raw records: a folder, whose folders are no labels, and answers of the prediction log."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from components.config.errors import ConfigError, DataError
from components.kinds.examples.batches import BATCH
from components.kinds.image.source.files import Files, files_below
from components.kinds.image.source.folder import Folder, refuse_empty
from components.kinds.image.source.layout import Layout, PathLabel
from components.kinds.image.source.records import SCHEMA
from components.kinds.raw import Raw

_KEY = "prepare.unlabelled"


def open_unlabelled(path: Path | None, live: Path | None) -> Raw:
    """Open the pictures of a folder and of the folders in it, then those that were answered without a label.

    `about` has the files that are lost or passed over, and how the folder was understood.

    Args:
        path: the folder; None: there are answers alone.
        live: the Parquet file of raw records; None: there is the folder alone.

    Raises:
        ConfigError: there is no such folder.
        DataError: it has no picture that can be read, or a link to a folder.
    """
    folder = _opened(path) if path else None
    about = folder.about() if folder else {"ignored": [], "lost": {}, "read": []}
    said = [f"without labels: {pq.read_metadata(live).num_rows:,} answers of the prediction log"] if live else []
    shown = {"ignored": about["ignored"], "lost": about["lost"], "read": [*about["read"], *said]}
    return Raw(SCHEMA, _batches(folder, live), shown)


def _batches(folder: Folder | None, live: Path | None) -> Iterator[pa.RecordBatch]:
    if folder:
        yield from folder.batches()
    if live:
        yield from pq.ParquetFile(live).iter_batches(BATCH)


def _opened(path: Path) -> Folder:
    if not path.is_dir():
        what = "a file, where a folder of pictures is expected" if path.exists() else "no such folder"
        raise ConfigError(f"{_KEY} {path}: {what}; put pictures without labels there, or leave {_KEY} out")
    _refuse_links(path)
    files = files_below(path)
    folder = Folder(path, "unlabelled", files, _layout(files))
    if not files.pictures:
        refuse_empty(folder, f"{_KEY} {path}", "pictures are expected, in any folders or in none")
    return folder


def _refuse_links(path: Path) -> None:
    """Raise a `DataError` where a link leads to a folder: DVC does not look behind it."""
    links = [path] if path.is_symlink() else []
    for folder, names, _ in os.walk(path):
        links += [link for name in names if (link := Path(folder) / name).is_symlink()]
    if links:
        raise DataError(
            f"{_KEY}: {links[0]} is a link to a folder, which DVC does not look into: put the pictures themselves "
            "there (`cp -al` takes no space)"
        )


def _layout(files: Files) -> Layout:
    pictures = {name: PathLabel(None, None, str(PurePosixPath(name).parent)) for name in files.pictures}
    return Layout(pictures=pictures)
