"""Very many pictures: files of a folder, or a column of a table; no picture depends on another."""

from components.kinds.image import codec
from components.kinds.image.source.files import SUFFIXES, is_picture
from components.kinds.plain import identity, memory, observations

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
