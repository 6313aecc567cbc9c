"""Rows of CSV, Parquet and JSON Lines files, removed; every byte of the other rows of a text stays as it is."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.config.errors import DataError
from components.kinds import json_lines
from components.kinds.csv_files import SUFFIXES, TEXT, dialect
from components.system.files import whole_file

Gone = Callable[[dict[str, object]], bool]
"""Whether a row, its cells by column, is to go."""

_BOM = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def remove_rows(path: Path, gone: Gone, columns: set[str] | None = None, write: bool = True) -> int:
    """Remove rows of the file at `path`, if it is a table; return how many.

    Args:
        path: a CSV, Parquet or JSON Lines file; of any other nothing is removed.
        gone: which rows.
        columns: that `gone` looks at; None: at all.
        write: False: count them only.

    Raises:
        DataError: the file cannot be read.
    """
    name = path.name.lower()
    if name.endswith((".parquet", ".pq")):
        return _of_parquet(path, gone, columns, write)
    if name.endswith(json_lines.SUFFIXES):
        return _of_json_lines(path, gone, write)
    return _of_csv(path, gone, write) if name.endswith((*SUFFIXES, *TEXT)) else 0


def _of_parquet(path: Path, gone: Gone, columns: set[str] | None, write: bool) -> int:
    try:
        with pq.ParquetFile(path) as file:
            there = [name for name in file.schema_arrow.names if columns is None or name in columns]
            if not there:
                return 0
            batches = file.iter_batches(columns=there)
            kept = pa.array([not gone(row) for batch in batches for row in batch.to_pylist()], pa.bool_())
    except pa.ArrowException as error:
        raise DataError(f"{path}: no whole Parquet file; nothing was removed from it") from error
    count = len(kept) - (kept.true_count or 0)
    if count and write:
        with pq.ParquetFile(path) as file:
            packed = file.metadata.row_group(0).column(0).compression
        with whole_file(path) as draft:
            pq.write_table(pq.read_table(path).filter(kept), draft, compression=_NAMES.get(packed, packed.lower()))
    return count


def _of_csv(path: Path, gone: Gone, write: bool) -> int:
    said = dialect.find(path)
    content = path.read_bytes()
    packed = content.startswith(b"\x1f\x8b")
    content = gzip.decompress(content) if packed else content
    encoding = _BOM.get(content[:2], said.encoding)
    parts = list(_rows(content.decode(encoding), said, gone))
    count = sum(1 for _, is_gone in parts if is_gone)
    if count and write:
        left = "".join(part for part, is_gone in parts if not is_gone).encode(encoding)
        with whole_file(path) as draft:
            draft.write_bytes(gzip.compress(left, mtime=0) if packed else left)
    return count


def _of_json_lines(path: Path, gone: Gone, write: bool) -> int:
    lines = path.read_bytes().splitlines(keepends=True)
    try:
        kept = [line for line in lines if not line.strip() or not gone(dict(json.loads(line)))]
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: a line is no JSON object; nothing was removed from it") from error
    if (count := len(lines) - len(kept)) and write:
        with whole_file(path) as draft:
            draft.write_bytes(b"".join(kept))
    return count


def _rows(text: str, said: dialect.Dialect, gone: Gone) -> Iterator[tuple[str, bool]]:
    """Yield the text in parts: what stands before the header, the header, each row; and whether it is to go."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    yield mark, False
    lines = io.StringIO(text.removeprefix(mark), newline="")
    yield "".join(line for _, line in zip(range(said.skip), lines, strict=False)), False
    taken: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = said.reader(noted())
    names: list[str] | None = None
    for cells in reader:
        part = "".join(taken)
        taken.clear()
        if names is None and cells:
            names = [name.strip() for name in cells]
            yield part, False
        else:
            yield part, names is not None and gone(dict(zip(names, cells, strict=False)))
    yield "".join(taken), False


_NAMES = {"UNCOMPRESSED": "none"}
