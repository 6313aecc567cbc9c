"""Who was erased from the memory, as keyed hashes: no seed brings them back, and the table names nobody.

Rows: the column, "" for the id, the hash, and the milliseconds since 1970 until which records are kept out. The row of
the column `KEY` is the key, without which a hash cannot be found by trying all names.
"""

import secrets
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

KEY = " key"
"""No column's name: one that begins with a space has it taken off."""


def tombstones(name: str, metadata: sa.MetaData) -> sa.Table:
    """Return the table of that name."""
    return sa.Table(
        name,
        metadata,
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )


def bury(connection: sa.Connection, table: sa.Table, column: str, value: str, until_ms: int) -> None:
    """Keep records of `value` in `column` out, those of a time until `until_ms`."""
    if (key := _key(connection, table)) is None:
        key = secrets.token_hex(32)
        connection.execute(table.insert().values(what=KEY, hash=key, until=0))
    hashed = _hash(key, column, value)
    connection.execute(table.delete().where(table.c.what == column, table.c.hash == hashed))
    connection.execute(table.insert().values(what=column, hash=hashed, until=until_ms))


def outlived(
    connection: sa.Connection, table: sa.Table, columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]], times: Any
) -> npt.NDArray[np.bool_] | None:
    """Return which of N records are not kept out, `[N]`; None: none is.

    Args:
        connection: to the database.
        table: of the tombstones.
        columns: `[N]` names by column, the ids under "".
        times: `[N]` milliseconds since 1970.
    """
    key = _key(connection, table)
    if key is None:
        return None
    kept = np.ones(len(times), dtype=np.bool_)
    for column, names in columns.items():
        found = connection.execute(sa.select(table.c.hash, table.c.until).where(table.c.what == column)).all()
        until: dict[str, int] = {row.hash: row.until for row in found}
        if until:
            distinct, places = np.unique(np.asarray(names, dtype=np.str_), return_inverse=True)
            limits = np.array([until.get(_hash(key, column, name), -(2**62)) for name in distinct.tolist()])
            kept &= np.asarray(times) > limits[places]
    return None if kept.all() else kept


def _key(connection: sa.Connection, table: sa.Table) -> str | None:
    found: str | None = connection.execute(sa.select(table.c.hash).where(table.c.what == KEY)).scalar()
    return found


def _hash(key: str, column: str, value: str) -> str:
    return blake2b(f"{column}={value}".encode(), digest_size=16, key=bytes.fromhex(key)).hexdigest()
