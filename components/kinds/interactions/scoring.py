"""Very many lists, a row of a table each; none depends on another."""

from components.kinds.interactions.codec import fields as fields
from components.kinds.plain import identity as identity
from components.kinds.plain import memory as memory
from components.kinds.plain import observations as observations

SUFFIXES: tuple[str, ...] = ()
CHUNK_ROWS = READ_ROWS = 2_000


def is_row(path: str) -> bool:
    """Return False: lists come in tables."""
    return False
