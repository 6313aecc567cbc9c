"""Raw records -> arrays, and the hash of each."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tqdm import tqdm

from components.config.errors import BadRequest
from components.kinds.image import codec
from components.kinds.image.codec.recognise import recognise

Wanted = Callable[[int], bool]


@dataclass(frozen=True)
class Picture:
    """A picture that was decoded."""

    row: int
    """Its number among the raw records, and in the array."""
    content: bytes
    """SHA-256 of the pixels."""
    format: str


def decode_all(
    table: pq.ParquetFile,
    pictures: NDArray[np.uint8],
    input: Mapping[str, Any],
    wanted: Wanted,
    unreadable: dict[str, str],
) -> Iterator[Picture]:
    """Decode the records whose numbers are `wanted` into `pictures`; note why others are unreadable."""
    rows = (
        row for batch in table.iter_batches(batch_size=64, columns=["picture", "name"]) for row in batch.to_pylist()
    )
    progress = tqdm(rows, total=table.metadata.num_rows, desc="prepare", unit=" pictures", mininterval=1.0)
    for index, row in enumerate(progress):
        if not wanted(index):
            continue
        try:
            pictures[index] = codec.decode(row, input, codec.TRAINING)
        except BadRequest as error:
            unreadable[row["name"]] = why_unreadable(row["picture"], str(error))
            continue
        found = recognise(row["picture"])
        content = hashlib.sha256(pictures[index].tobytes()).digest()
        yield Picture(index, content, found.name if found else "BMP")


def why_unreadable(data: bytes, error: str) -> str:
    """Return why a picture cannot be read: what it is, where it is of a format that is not read."""
    found = recognise(data)
    if found is None or (found.name in codec.TRAINING.formats and found.name != "HEIC"):
        return error
    return f"{found.name}: {found.advice}"
