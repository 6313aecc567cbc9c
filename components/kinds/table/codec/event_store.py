"""The event store: the records of each entity, in one database however many workers and hosts ask.

Own code on plain SQL, not a feature store: those serve windows that a job has made before, and here a record's windows
hold the record just before it.

SQLite is one file for the workers of one host; PostgreSQL serves several hosts. A record is acknowledged once its
transaction is committed. From then on it survives the end of the process, SIGKILL too. With SQLite (`synchronous`
NORMAL) a loss of power may take the last acknowledged records, never the file; FULL would have every request wait for
the disk. With PostgreSQL the server's `synchronous_commit` decides: on, unless somebody turned it off.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from components.kinds.database import DIALECTS
from components.kinds.memory_tables import Column, chunks, packed, plain
from components.kinds.stored_memory import StoredMemory
from components.kinds.table.codec.statements import KEYS, Statements, tables
from components.kinds.table.codec.windows import Events
from components.kinds.tombstones import outlived

Integers = npt.NDArray[np.int64]

_ROUND = 100  # records between two rounds of pruning


@dataclass(frozen=True)
class Found:
    """Records of one entity column that were found for N records."""

    events: Events
    """M records; the codes of entities, from 0, are of this answer alone."""
    rows: Integers
    """[N] where each record that was asked for stands in `events`."""


class EventStore(StoredMemory):
    """What an endpoint remembers. Open it in the process that uses it; its threads may share it."""

    def __init__(self, url: str, workload: str, entities: Sequence[str], keep_ms: int) -> None:
        """Open the database at `url`; tables that are missing are made, also where several processes do so at once.

        `url` is SQLAlchemy's: `sqlite:////folder/history.db`, `postgresql://user:password@host:5432/database`.
        PostgreSQL is spoken to by pg8000 unless the address names another driver; a socket is `?unix_sock=/path` to it.
        `entities` are the columns that name one; `keep_ms` is how far the longest window reaches back, delay and all.

        Raises:
            EndpointError: the database cannot be reached or written, or its table has other columns.
        """
        self._entities = tuple(entities)
        super().__init__(url, tables(workload, self._entities))
        self._say = Statements(DIALECTS[self._address.get_backend_name()], self._table, keep_ms)
        self._unpruned = 0

    def seed(
        self, name: str, ids: Column, times: Column, amounts: Column, labels: Column, entities: Mapping[str, Column]
    ) -> int:
        """Load what has to be known on the first day, once for each `name`; return how many records were new.

        They come in the order of arrival; a label of -1 is not known, an entity of "" is none. An id that is there
        already is left alone, but for its label, if that was not known. What was erased stays so.
        """
        given = [ids, times, amounts, labels, *(entities[entity] for entity in self._entities)]

        def load(connection: sa.Connection) -> int:
            if self._knows(connection, name):
                return 0
            connection.execute(self._seeds.insert().values(name=name))
            columns = self._not_erased(connection, given)
            for rows in chunks(columns) if self._holds_records(connection) else ():
                connection.exec_driver_sql(self._say.complete, (rows,))
            with _unindexed(connection, self._table):
                return sum(connection.exec_driver_sql(self._say.insert, (rows,)).rowcount for rows in chunks(columns))

        return self._patiently(load)

    def observe(
        self,
        ids: Sequence[str | None],
        times: Column,
        amounts: Column,
        entities: Mapping[str, Column],
        labels: Column | None = None,
    ) -> dict[str, Found]:
        """Remember N records; return, by entity column, the records of their entities, they themselves included.

        The records of an entity reach from `keep_ms` before the earliest of its records given here to the latest.
        Under an id that is there already stands the record that came first, whatever is sent with it now: it counts
        once and keeps its place, so that a request may be sent again. A record without an id (None) is always new.
        Labels are 0, 1, or -1: not known; None: none is. A record whose entity is "" has none: it is found alone.

        Raises:
            EndpointError: the database does not answer, is full, or others hold it for too long.
            BadRequest: an id or an entity that cannot be stored.
        """
        known = [uuid4().hex if id is None else id for id in ids]
        unknown = [-1] * len(known)
        columns = [known, times, amounts, unknown if labels is None else labels]
        rows = packed([*columns, *(entities[entity] for entity in self._entities)])

        def remember(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
            connection.exec_driver_sql(self._say.insert, (rows,))
            found = connection.exec_driver_sql(self._say.read, (rows,)).all()
            self._prune(connection, len(known))
            return found

        return _found(self._database.run(remember), self._entities)

    def label(self, ids: Column, labels: Column) -> int:
        """Write down labels that have become known (0 or 1; -1 takes one back); return how many ids were found."""
        latest = dict(zip(plain(ids), np.asarray(labels, dtype=np.int64).tolist(), strict=True))

        def write(rows: str) -> int:
            return self._database.run(lambda connection: connection.exec_driver_sql(self._say.label, (rows,)).rowcount)

        nothing = [0] * len(latest)
        return sum(write(rows) for rows in chunks([list(latest), nothing, nothing, list(latest.values())]))

    def forget(self, before_ms: int) -> int:
        """Drop all records of a time before `before_ms`; return how many. `observe` does it too, little by little."""
        old = self._table.delete().where(self._table.c.time < before_ms)
        return self._database.run(lambda connection: connection.execute(old).rowcount)

    def ids_of(self, column: str | None, value: str) -> list[str]:
        """Return the ids of the records whose entity `column` is `value`; None: of the one with that id."""
        found = sa.select(self._table.c.id).where(self._column(column) == value)
        return self._database.run(lambda connection: list(connection.execute(found).scalars()))

    def erase(self, column: str | None, value: str, until_ms: int) -> int:
        """Drop the records that `ids_of` finds, and have no seed bring one back of a time until then; return how many.

        Afterwards the database's files hold nothing of them, but for what PostgreSQL itself logs.
        """
        return self._drop(self._column(column), column or "", value, until_ms)

    def _column(self, entity: str | None) -> sa.Column[Any]:
        return list(self._table.c)[KEYS + self._entities.index(entity)] if entity is not None else self._table.c.id

    def _not_erased(self, connection: sa.Connection, columns: Sequence[Column]) -> Sequence[Column]:
        ids, times, _, _, *entities = columns
        named = {"": ids, **dict(zip(self._entities, entities, strict=True))}
        if (kept := outlived(connection, self._erased, named, times)) is None:
            return columns
        return [np.asarray(column)[kept] for column in columns]

    def _prune(self, connection: sa.Connection, records: int) -> None:
        """Drop a few expired records now and then: two for each new one, so that no request pays for many."""
        self._unpruned += records
        if self._unpruned >= _ROUND:
            connection.exec_driver_sql(self._say.prune, (2 * self._unpruned,))
            self._unpruned = 0

    def _holds_records(self, connection: sa.Connection) -> bool:
        return connection.execute(self._table.select().limit(1)).first() is not None


@contextmanager
def _unindexed(connection: sa.Connection, table: sa.Table) -> Iterator[None]:
    """Where the table is empty, index its entities after the block: a load takes half the time."""
    empty = connection.execute(table.select().limit(1)).first() is None
    indexes = [index for index in table.indexes if empty and not index.unique]
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _found(found: Sequence[sa.Row[Any]], entities: Sequence[str]) -> dict[str, Found]:
    """Sort what `read` answers: which entity column (-1: what was asked for), code, time, amount, label, arrival."""
    table = np.fromiter(chain.from_iterable(found), np.int64, 6 * len(found)).reshape(-1, 6).T
    which, code, time, _, _, seq = table
    table = table[:, np.lexsort((seq, time, code, which))]
    starts = np.searchsorted(table[0], np.arange(len(entities) + 1))
    arrivals = table[5, : starts[0]]
    return {
        entity: _of_entity(table[1:, start:end], arrivals)
        for entity, start, end in zip(entities, starts, starts[1:], strict=False)
    }


def _of_entity(records: Integers, arrivals: Integers) -> Found:
    code, time, amount, label, seq = records
    entity = np.zeros(len(code), dtype=np.int64)
    np.cumsum(code[1:] != code[:-1], out=entity[1:])
    entity[code < 0] = -1
    order = np.argsort(seq)
    rows = order[np.searchsorted(seq, arrivals, sorter=order)]
    return Found(Events(entity, time, amount, label.astype(np.int8)), rows)
