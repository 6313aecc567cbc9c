"""Very many recordings: files of a folder, or a column of a table; none depends on another."""

from components.kinds.audio.codec import fields as fields
from components.kinds.plain import identity as identity
from components.kinds.plain import memory as memory
from components.kinds.plain import observations as observations

SUFFIXES = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus")
CHUNK_ROWS = 500
READ_ROWS = 1


def is_row(path: str) -> bool:
    """Whether the file is a recording, by its name."""
    return path.lower().endswith(SUFFIXES)
