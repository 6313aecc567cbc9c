"""JSON Lines, an object a line -> columns of the types that JSON says. Known to every kind that reads tables."""

import re
from pathlib import Path

import pyarrow as pa
from pyarrow import json as arrow

from components.config.errors import DataError

SUFFIXES = (".jsonl", ".ndjson")

_LEAST, _MOST = 1 << 20, (1 << 31) - 1  # bytes of a block; one block holds the file, so that types are known
_BROKEN = re.compile(r"JSON parse error: (.*?)\.? in row (\d+)", re.DOTALL)


def read(path: Path) -> pa.Table:
    """Return the objects; a key that one lacks is null there. Texts stay texts, whatever they look like.

    Raises:
        DataError: a line is no object, or a key has values of several types.
    """
    found = _read(path, {})
    if not found.num_columns:
        raise DataError("not readable as JSON Lines: no object is there")
    times = {field.name: pa.string() for field in found.schema if pa.types.is_temporal(field.type)}
    return _read(path, times) if times else found


def _read(path: Path, types: dict[str, pa.DataType]) -> pa.Table:
    block = arrow.ReadOptions(use_threads=False, block_size=min(_MOST, max(_LEAST, path.stat().st_size + 1)))
    parse = arrow.ParseOptions(explicit_schema=pa.schema(list(types.items())), unexpected_field_behavior="infer")
    try:
        return arrow.read_json(path, block, parse)
    except pa.ArrowInvalid as error:
        said = " ".join(str(error).split())
        if broken := _BROKEN.search(said):
            said = f"object {int(broken[2]) + 1}: {broken[1]}"
        raise DataError(f"not readable as JSON Lines: {said}; write one object a line, of the same keys") from error
