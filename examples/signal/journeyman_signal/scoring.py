"""Very many signals: rows of a table; none depends on another."""

from components.kinds.plain import identity as identity
from components.kinds.plain import memory as memory
from components.kinds.plain import observations as observations
from journeyman_signal.codec import fields as fields

SUFFIXES: tuple[str, ...] = ()
CHUNK_ROWS = READ_ROWS = 5_000


def is_row(path: str) -> bool:
    """Return False: rows come in tables."""
    return False
