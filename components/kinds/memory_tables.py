"""The tables that an endpoint remembers in, whatever a kind keeps there: their names, their columns, rows for them."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from components.config.errors import BadRequest, EndpointError

Column = npt.NDArray[Any] | Sequence[Any]

_CHUNK = 2_000  # records in one statement of a bulk load


def serial() -> sa.types.TypeEngine[int]:
    """Return the type of a row's own number."""
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")  # where INTEGER alone is the row's own number


def seeds(workload: str, metadata: sa.MetaData) -> sa.Table:
    """Return the table of the names under which the memory of a workload was seeded."""
    return sa.Table(plain_name(f"seeds_{workload}"), metadata, sa.Column("name", sa.Text, primary_key=True))


def plain_name(name: str, hashed: bool = False) -> str:
    """Return a name for a table or column: itself where every database takes it, else one like it and its hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    usable = name == plain and len(name) <= 56 and not hashed
    return name if usable else f"{plain[:40]}_{crc32(name.encode()):08x}"


def create(connection: sa.Connection, address: sa.URL, tables: Sequence[sa.Table]) -> None:
    """Make the tables that are missing.

    Raises:
        EndpointError: one that is there has other columns.
    """
    tables[0].metadata.create_all(connection)
    for table in tables:
        found = _described(connection, sa.inspect(connection).get_columns(table.name))
        needed = _described(connection, [{"name": column.name, "type": column.type} for column in table.columns])
        if found != needed:
            raise EndpointError(
                f"{address}: the table {table.name} has the columns {found}, needed are {needed}. "
                "Rename or drop that table, or give another address"
            )


def chunks(columns: Sequence[Column]) -> Iterator[str]:
    """Yield the columns in parts, as `packed` does."""
    for start in range(0, len(columns[0]), _CHUNK):
        yield packed([column[start : start + _CHUNK] for column in columns])


def packed(columns: Sequence[Column]) -> str:
    """Return the columns as one JSON array of rows, which a statement takes as a single value.

    Raises:
        BadRequest: a text is none, or no database takes it.
    """
    rows = json.dumps(list(zip(*map(plain, columns), strict=True)), ensure_ascii=False)
    try:
        rows.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("an id or an entity is no text: it has half a character in it (U+D800 to U+DFFF)") from error
    if r"\u0000" in rows:
        raise BadRequest("an id or an entity has the character U+0000 in it, which no database takes")
    return rows


def plain(column: Column) -> Sequence[Any]:
    """Return a column as a list."""
    return column.tolist() if isinstance(column, np.ndarray) else column


def _described(connection: sa.Connection, columns: Iterable[Any]) -> str:
    return ", ".join(sorted(f"{column['name']} {column['type'].compile(connection.dialect)}" for column in columns))
