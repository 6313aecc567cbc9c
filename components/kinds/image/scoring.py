"""Very many pictures: files of a folder, or a column of a table; no picture depends on another."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from components.kinds.image import codec
from components.kinds.image.codec.input import Input
from components.kinds.image.source.files import SUFFIXES, is_picture

__all__ = [
    "CHUNK_ROWS",
    "READ_ROWS",
    "SUFFIXES",
    "fields",
    "identity",
    "is_row",
    "memory",
    "observations",
]

CHUNK_ROWS = 500
READ_ROWS = 1

fields = codec.fields
is_row = is_picture


def identity(input: Input) -> None:
    """Return None: a picture has no id of its own."""


def memory(input: Input, files: Path) -> None:
    """Return None: nothing is remembered from one picture to the next."""


def observations(rows: Sequence[Mapping[str, Any]], input: Input) -> dict[str, NDArray[Any]]:
    """Return nothing: nothing is remembered."""
    return {}
