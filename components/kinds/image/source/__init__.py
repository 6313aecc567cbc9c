"""Where pictures come from -> raw records, one row a picture: its bytes, its label, its name, its split if given."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.config.errors import ConfigError, DataError
from components.kinds.image import codec
from components.kinds.raw import DataSet, Origin, Raw

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
SCHEMA = pa.schema(
    [
        pa.field("picture", pa.binary(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("split", pa.string()),
    ]
)
_BATCH = 1_000
_BATCH_BYTES = 64 * 2**20  # of pictures held in memory at a time
_IDX_UINT8 = 0x08  # type code in the third byte of an IDX file; the fourth is the number of dimensions


def open(origin: Origin) -> Raw:
    """Open the pictures of a folder `label/picture.png` or of a public data set, then those of the inbox.

    `about` has every label, those of the data set in its order before the rest, and the files that were ignored.

    Raises:
        ConfigError: the source is neither.
    """
    folders = [(origin.inbox, "inbox")] if origin.inbox else []
    if origin.data_set is None:
        if not Path(origin.source).is_dir():
            raise ConfigError(f"source {origin.source}: neither a folder nor a data set's description (*.yaml)")
        folders.insert(0, (Path(origin.source), "source"))
    known = list(origin.data_set.labels) if origin.data_set else []
    new = {label for folder, _ in folders for label in labels_in(folder)} - set(known)
    ignored = [f"{folder}/{name}" for folder, _ in folders for name in ignored_in(folder)]
    return Raw(SCHEMA, _batches(origin, folders), {"labels": known + sorted(new), "ignored": ignored})


def _batches(origin: Origin, folders: Sequence[tuple[Path, str]]) -> Iterator[pa.RecordBatch]:
    if origin.data_set:
        yield from from_files(origin.data_set)
    count = 0
    for folder, name in folders:
        for batch in from_folder(folder, name):
            count += batch.num_rows
            yield batch
    if count == 0 and not origin.data_set:
        raise DataError(f"{origin.source}: no picture there: label/picture.png is expected")


def labels_in(folder: Path) -> list[str]:
    """Return the labels of a folder `label/picture.png`: its subfolders' names, sorted."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def ignored_in(folder: Path) -> list[str]:
    """Return the files of `folder` that are taken for no labelled picture, by their path below it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return [
        str(path.relative_to(folder)) for path in files if path.parent == folder or path.suffix.lower() not in SUFFIXES
    ]


def from_folder(folder: Path, origin: str) -> Iterator[pa.RecordBatch]:
    """Yield the pictures of `folder/label/**`, sorted by path, as they are; nothing is opened here.

    A record's name is its path below `folder`, behind `origin`.
    """
    files = [
        (label, path)
        for label in labels_in(folder)
        for path in sorted((folder / label).rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file()
    ]
    records: list[tuple[Any, ...]] = []
    size = 0
    for label, path in files:
        picture = path.read_bytes()
        if records and (len(records) == _BATCH or size + len(picture) > _BATCH_BYTES):
            yield _batch(records)
            records, size = [], 0
        records.append((picture, label, f"{origin}/{path.relative_to(folder)}", None))
        size += len(picture)
    if records:
        yield _batch(records)


def from_files(data_set: DataSet) -> Iterator[pa.RecordBatch]:
    """Yield the pictures of a public data set, as PNG.

    Its format is `idx`, that of MNIST and its successors (http://yann.lecun.com/exdb/mnist/); its files are
    `{split}_pictures` and `{split}_labels` of the splits `train` and `test`; its labels name the label numbers.
    """
    if data_set.format != "idx":
        raise DataError(f"format {data_set.format!r}: pictures are read from idx files only")
    files, labels = data_set.files, data_set.labels
    for split in ("train", "test"):
        pictures, numbers = (_read_idx(files[f"{split}_{part}"]) for part in ("pictures", "labels"))
        if len(pictures) != len(numbers):
            raise DataError(f"{split}: {len(pictures)} pictures but {len(numbers)} labels")
        for start in range(0, len(pictures), _BATCH):
            yield _batch(
                [
                    (codec.encode(picture[..., None])["picture"], labels[number], f"{split}/{index:05d}", split)
                    for index, picture, number in zip(
                        range(start, len(pictures)), pictures[start : start + _BATCH], numbers[start:], strict=False
                    )
                ]
            )


def _batch(records: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*records, strict=True)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def _read_idx(path: Path) -> NDArray[np.uint8]:
    data = path.read_bytes()
    dimensions = data[3]
    if data[:3] != bytes([0, 0, _IDX_UINT8]):
        raise DataError(f"{path}: not an IDX file of bytes")
    shape = np.frombuffer(data, dtype=">u4", count=dimensions, offset=4)
    return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape)
