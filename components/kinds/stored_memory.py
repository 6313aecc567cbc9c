"""What an endpoint remembers in a database, whatever a kind keeps there: made, seeded once by name, and erased from."""

from collections.abc import Callable
from contextlib import closing

import sqlalchemy as sa

from components.kinds.database import Database, Result, address_of
from components.kinds.memory_tables import create
from components.kinds.tombstones import bury

_PATIENCE = 10.0  # seconds that a request waits for its turn
_SEEDING = 600.0  # seconds to wait while another process makes the tables or fills them


class StoredMemory:
    """Three tables: what is remembered, the names under which it was seeded, and who was erased."""

    def __init__(self, url: str, tables: tuple[sa.Table, sa.Table, sa.Table]) -> None:
        """Open the database at `url`; tables that are missing are made, also where several processes do so at once.

        Raises:
            EndpointError: the database cannot be reached or written, or a table has other columns.
        """
        self._address = address_of(url)
        self._table, self._seeds, self._erased = tables
        self._patiently(lambda connection: create(connection, self._address, tables))
        self._database = Database(self._address, self._table.name, _PATIENCE)

    def seeded(self, name: str) -> bool:
        """Whether `seed` has been done under this name."""
        return self._patiently(lambda connection: self._knows(connection, name))

    def close(self) -> None:
        """Let go of the database; a copy in a forked process leaves it to the one that opened it."""
        self._database.close()

    def _drop(self, column: sa.Column[str], named: str, value: str, until_ms: int) -> int:
        """Drop the rows whose `column` is `value`, and have no seed bring one back of a time until then; say how many.

        Afterwards the database's files hold nothing of them, but for what PostgreSQL itself logs. `named` is what seeds
        call the column.
        """

        def drop(connection: sa.Connection) -> int:
            bury(connection, self._erased, named, value, until_ms)
            return connection.execute(self._table.delete().where(column == value)).rowcount

        count = self._patiently(drop)
        with closing(Database(self._address, self._table.name, _SEEDING)) as database:
            database.clean(self._table.name)
        return count

    def _knows(self, connection: sa.Connection, name: str) -> bool:
        return connection.execute(self._seeds.select().where(self._seeds.c.name == name)).first() is not None

    def _patiently(self, work: Callable[[sa.Connection], Result]) -> Result:
        with closing(Database(self._address, self._table.name, _SEEDING)) as database:
            return database.run(work)
