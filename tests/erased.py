"""Whether something is still written in files, whatever they are compressed with."""

import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq


def traces(folders: list[Path], *values: str) -> list[str]:
    """Return the files below the folders in which one of the values stands."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return [str(path) for path in files if any(value.encode() in _plain(path) for value in values)]


def _plain(path: Path) -> bytes:
    """Return the file as it is, and behind it what it holds."""
    content = path.read_bytes()
    if content.startswith(b"PAR1"):
        return content + str(pq.read_table(io.BytesIO(content)).to_pydict()).encode()
    if content.startswith(b"PK\3\4"):
        with np.load(io.BytesIO(content)) as archive:
            return content + b"".join(str(archive[name].tolist()).encode() for name in archive.files)
    if content.startswith(b"\x93NUMPY"):
        return content + str(np.load(io.BytesIO(content)).tolist()).encode()
    return content + gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
