"""Raw records -> arrays, and the hash of each."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.config.errors import BadRequest
from components.kinds.image import codec
from components.kinds.image.codec.input import Input
from components.kinds.image.codec.recognise import recognise
from components.kinds.image.prepare.depth import Depths
from components.system.progress import Progress


@dataclass(frozen=True)
class DecodedPicture:
    """A picture that was decoded."""

    row: int
    """Its number among the raw records, and in the array."""
    content: bytes
    """SHA-256 of the pixels."""
    format: str
    lightest: int


def decode_all(
    table: pq.ParquetFile,
    pictures: NDArray[np.uint8],
    input: Input,
    wanted: Collection[int],
    levels: Sequence[float] | None,
    unreadable: dict[str, str],
) -> tuple[list[DecodedPicture], Depths]:
    """Decode the records whose numbers are `wanted` into `pictures`; note why others are unreadable.

    Pictures of more than 8 bits come last, when the values of black and white are known, which are written to `input`.

    Args:
        table: the raw records.
        pictures: `[N, height, width, channels]`, one for each of them.
        input: the description of one example.
        wanted: numbers of the records that are decoded.
        levels: what the user says of black and white.
        unreadable: is given the name of each that is not read, and why.
    """
    depths, found = Depths(), list[DecodedPicture]()
    for index, row in _rows(table, wanted):
        if (deep := codec.depth(row, codec.TRAINING_LIMITS)) is not None:
            depths.found[index] = deep
        else:
            found += _decode(index, row, pictures, input, unreadable)
    if (both := depths.levels(levels)) is not None:
        input["levels"] = both
    for index, row in _rows(table, depths.found) if depths.found else ():
        found += _decode(index, row, pictures, input, unreadable)
    return sorted(found, key=lambda picture: picture.row), depths


def _rows(table: pq.ParquetFile, wanted: Collection[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = (
        row for batch in table.iter_batches(batch_size=64, columns=["picture", "name"]) for row in batch.to_pylist()
    )
    progress = Progress(rows, total=table.metadata.num_rows, desc="prepare", unit=" pictures")
    return ((index, row) for index, row in enumerate(progress) if index in wanted)


def _decode(
    index: int,
    row: Mapping[str, Any],
    pictures: NDArray[np.uint8],
    input: Input,
    unreadable: dict[str, str],
) -> list[DecodedPicture]:
    try:
        pictures[index] = codec.decode(row, input, codec.TRAINING_LIMITS)
    except BadRequest as error:
        unreadable[row["name"]] = why_unreadable(row["picture"], str(error))
        return []
    found = recognise(row["picture"])
    content = hashlib.sha256(pictures[index].tobytes()).digest()
    return [DecodedPicture(index, content, found.name if found else "BMP", int(pictures[index].max()))]


def why_unreadable(data: bytes, error: str) -> str:
    """Return why a picture cannot be read: what it is, where it is of a format that is not read."""
    found = recognise(data)
    if found is None or (found.name in codec.TRAINING_LIMITS.formats and found.name != "HEIC"):
        return error
    return f"{found.name}: {found.advice}"
