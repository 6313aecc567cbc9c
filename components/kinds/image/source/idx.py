"""A public data set in IDX files, as MNIST and its successors come (http://yann.lecun.com/exdb/mnist/).

Read here: torchvision's reader would bring torch into the stage `ingest`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.examples.batches import in_batches
from components.kinds.image import codec
from components.kinds.image.source.records import SCHEMA, Record
from components.kinds.raw import DataSet

_UINT8 = 0x08  # type code in the third byte of an IDX file; the fourth is the number of dimensions


def from_files(data_set: DataSet) -> Iterator[pa.RecordBatch]:
    """Yield the pictures of a public data set, as PNG.

    Its format is `idx`; its files are `{split}_pictures` and `{split}_labels` of the splits `train` and `test`; its
    labels name the label numbers.
    """
    if data_set.format != "idx":
        raise DataError(f"format {data_set.format!r}: pictures are read from idx files only")
    files, labels = data_set.files, data_set.labels
    for split in ("train", "test"):
        pictures, numbers = (_read(files[f"{split}_{part}"]) for part in ("pictures", "labels"))
        if len(pictures) != len(numbers):
            raise DataError(f"{split}: {len(pictures)} pictures but {len(numbers)} labels")
        records = (
            Record(codec.encode(picture[..., None])["picture"], labels[number], f"{split}/{index:05d}", split)
            for index, (picture, number) in enumerate(zip(pictures, numbers, strict=True))
        )
        yield from in_batches(records, SCHEMA)


def _read(path: Path) -> NDArray[np.uint8]:
    data = path.read_bytes()
    dimensions = data[3]
    if data[:3] != bytes([0, 0, _UINT8]):
        raise DataError(f"{path}: not an IDX file of bytes")
    shape = np.frombuffer(data, dtype=">u4", count=dimensions, offset=4)
    return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape)
