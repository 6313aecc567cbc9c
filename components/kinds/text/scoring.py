"""Very many texts: `.txt` files of a folder, or a column of a table; none depends on another."""

from components.kinds.plain import identity as identity
from components.kinds.plain import memory as memory
from components.kinds.plain import observations as observations
from components.kinds.text.codec import fields as fields

SUFFIXES: tuple[str, ...] = ()
CHUNK_ROWS = READ_ROWS = 2_000


def is_row(path: str) -> bool:
    """Return False: texts come in tables."""
    return False
