"""A CSV file, or a folder of them -> raw records, the columns as the files have them."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from components.config.errors import DataError
from components.kinds.csv_files import SUFFIXES, reader
from components.kinds.raw import Origin, Raw


def open(origin: Origin) -> Raw:
    """Open the source, and what came into the inbox later.

    Raises:
        DataError: there is no CSV file, or one has other columns than the first.
    """
    folders = [Path(origin.source), *([origin.inbox] if origin.inbox else [])]
    files = [path for folder in folders for path in ([folder] if folder.is_file() else sorted(folder.rglob("*")))]
    files = [path for path in files if path.name.endswith(SUFFIXES)]
    if not files:
        raise DataError(f"{origin.source}: no CSV file ({', '.join(SUFFIXES)})")
    schema = reader.schema(files[0]).remove_metadata()
    return Raw(schema, _batches(files, schema), {"files": [path.name for path in files]})


def _batches(files: list[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for path in files:
        if other := set(reader.header(path).names) ^ set(schema.names):
            raise DataError(f"{path}: {', '.join(sorted(other))}: not a column of every file")
        yield from reader.batches(path, schema)
