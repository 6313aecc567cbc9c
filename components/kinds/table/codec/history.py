"""History: the past records of each entity, in one database however many workers and hosts ask.

SQLite is one file for the workers of one host; PostgreSQL serves several hosts. A record is acknowledged once its
transaction is committed. From then on it survives the end of the process, SIGKILL too. With SQLite (`synchronous`
NORMAL) a loss of power may take the last acknowledged records, never the file; FULL would have every request wait for
the disk. With PostgreSQL the server's `synchronous_commit` decides: on, unless somebody turned it off.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any
from uuid import uuid4
from zlib import crc32

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from components.config.errors import BadRequest, EndpointError
from components.kinds.table.codec.database import DIALECTS, Database, Dialect, Result, address_of

Integers = npt.NDArray[np.int64]
Column = npt.NDArray[Any] | Sequence[Any]

_PATIENCE = 10.0  # seconds that a request waits for its turn
_SEEDING = 600.0  # seconds to wait while another process makes the tables or fills them
_LATE = 7 * 86_400_000  # milliseconds that a record may be late and still find the whole of its past
_KEYS = 5  # columns that every table has; then come the entities
_ROUND = 100  # records between two rounds of pruning
_CHUNK = 2_000  # records in one statement of a bulk load


@dataclass(frozen=True)
class Past:
    """Records of one entity column, sorted by (entity, time, arrival): M of them, for N that were asked for."""

    entity: Integers
    """[M] code of the entity, from 0, of this answer alone; -1: none."""
    time: Integers
    """[M] milliseconds since 1970."""
    amount: Integers
    """[M] in units of its last place."""
    label: npt.NDArray[np.int8]
    """[M] 0, 1, or -1: not known."""
    rows: Integers
    """[N] where each record that was asked for stands in these arrays."""


class History:
    """What an endpoint remembers. Open it in the process that uses it; its threads may share it."""

    def __init__(self, url: str, workload: str, entities: Sequence[str], keep_ms: int) -> None:
        """Open the database at `url`; tables that are missing are made, also where several processes do so at once.

        `url` is SQLAlchemy's: `sqlite:////folder/history.db`, `postgresql://user:password@host:5432/database`.
        PostgreSQL is spoken to by pg8000 unless the address names another driver; a socket is `?unix_sock=/path` to it.
        `entities` are the columns that name one; `keep_ms` is how far the longest window reaches back, delay and all.

        Raises:
            EndpointError: the database cannot be reached or written, or its table has other columns.
        """
        self._address = address_of(url)
        self._entities = tuple(entities)
        self._table, self._seeds = _tables(workload, self._entities)
        self._say = _Statements(DIALECTS[self._address.get_backend_name()], self._table, keep_ms)
        self._unpruned = 0
        self._patiently(self._create)
        self._database = Database(self._address, self._table.name, _PATIENCE)

    def seeded(self, name: str) -> bool:
        """Whether `seed` has been done under this name."""
        return self._patiently(lambda connection: self._knows(connection, name))

    def seed(
        self, name: str, ids: Column, times: Column, amounts: Column, labels: Column, entities: Mapping[str, Column]
    ) -> int:
        """Load what has to be known on the first day, once for each `name`; return how many records were new.

        They come in the order of arrival; a label of -1 is not known, an entity of "" is none. An id that is there
        already is left alone, but for its label, if that was not known.
        """
        columns = [ids, times, amounts, labels, *(entities[entity] for entity in self._entities)]

        def load(connection: sa.Connection) -> int:
            if self._knows(connection, name):
                return 0
            connection.execute(self._seeds.insert().values(name=name))
            for rows in _chunks(columns) if self._holds_records(connection) else ():
                connection.exec_driver_sql(self._say.complete, (rows,))
            with _unindexed(connection, self._table):
                return sum(connection.exec_driver_sql(self._say.insert, (rows,)).rowcount for rows in _chunks(columns))

        return self._patiently(load)

    def observe(
        self, ids: Sequence[str | None], times: Column, amounts: Column, entities: Mapping[str, Column]
    ) -> dict[str, Past]:
        """Remember N records; return, by entity column, the past of their entities, the records themselves included.

        The past of an entity reaches from `keep_ms` before the earliest of its records given here to the latest.
        Under an id that is there already stands the record that came first, whatever is sent with it now: it counts
        once and keeps its place, so that a request may be sent again. A record without an id (None) is always new.
        A record whose entity is "" has none: of the past it sees itself alone.

        Raises:
            EndpointError: the database does not answer, is full, or others hold it for too long.
            BadRequest: an id or an entity that cannot be stored.
        """
        known = [uuid4().hex if id is None else id for id in ids]
        rows = _packed([known, times, amounts, [-1] * len(known), *(entities[entity] for entity in self._entities)])

        def remember(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
            connection.exec_driver_sql(self._say.insert, (rows,))
            found = connection.exec_driver_sql(self._say.read, (rows,)).all()
            self._prune(connection, len(known))
            return found

        return _pasts(self._database.run(remember), self._entities)

    def label(self, ids: Column, labels: Column) -> int:
        """Write down labels that have become known (0 or 1; -1 takes one back); return how many ids were found."""
        latest = dict(zip(_plain(ids), np.asarray(labels, dtype=np.int64).tolist(), strict=True))

        def write(rows: str) -> int:
            return self._database.run(lambda connection: connection.exec_driver_sql(self._say.label, (rows,)).rowcount)

        nothing = [0] * len(latest)
        return sum(write(rows) for rows in _chunks([list(latest), nothing, nothing, list(latest.values())]))

    def forget(self, before_ms: int) -> int:
        """Drop all records of a time before `before_ms`; return how many. `observe` does it too, little by little."""
        old = self._table.delete().where(self._table.c.time < before_ms)
        return self._database.run(lambda connection: connection.execute(old).rowcount)

    def close(self) -> None:
        """Let go of the database; a copy in a forked process leaves it to the one that opened it."""
        self._database.close()

    def _prune(self, connection: sa.Connection, records: int) -> None:
        """Drop a few expired records now and then: two for each new one, so that no request pays for many."""
        self._unpruned += records
        if self._unpruned >= _ROUND:
            connection.exec_driver_sql(self._say.prune, (2 * self._unpruned,))
            self._unpruned = 0

    def _holds_records(self, connection: sa.Connection) -> bool:
        return connection.execute(self._table.select().limit(1)).first() is not None

    def _knows(self, connection: sa.Connection, name: str) -> bool:
        return connection.execute(self._seeds.select().where(self._seeds.c.name == name)).first() is not None

    def _create(self, connection: sa.Connection) -> None:
        self._table.metadata.create_all(connection)
        for table in (self._table, self._seeds):
            found = _described(connection, sa.inspect(connection).get_columns(table.name))
            needed = _described(connection, [{"name": column.name, "type": column.type} for column in table.columns])
            if found != needed:
                raise EndpointError(
                    f"{self._address}: the table {table.name} has the columns {found}, needed are {needed}. "
                    "Rename or drop that table, or give another address"
                )

    def _patiently(self, work: Callable[[sa.Connection], Result]) -> Result:
        with closing(Database(self._address, self._table.name, _SEEDING)) as database:
            return database.run(work)


_INSERT = """
INSERT INTO {events} (id, time, amount, label{entities})
SELECT {id}, CAST({time} AS BIGINT), CAST({amount} AS BIGINT), NULLIF(CAST({label} AS SMALLINT), -1){names}
FROM {rows} WHERE true ORDER BY given.key
ON CONFLICT (id) DO NOTHING
"""
_MINE = """
WITH mine AS (SELECT given.key AS place, stored.* FROM {rows} JOIN {events} AS stored ON stored.id = {id})
SELECT -1, place, 0, 0, 0, seq FROM mine
"""
_PAST = """
UNION ALL
SELECT {number}, asked.code, past.time, past.amount, COALESCE(past.label, -1), past.seq
FROM (
    SELECT {entity} AS name, MIN(seq) AS code, MIN(time) - {keep} AS low, MAX(time) AS high
    FROM mine WHERE {entity} <> '' GROUP BY {entity}
) AS asked
JOIN {events} AS past ON past.{entity} = asked.name AND past.time > asked.low AND past.time <= asked.high
UNION ALL
SELECT DISTINCT {number}, -1, time, amount, COALESCE(label, -1), seq FROM mine WHERE {entity} = ''
"""
_LABEL = """
UPDATE {events} SET label = NULLIF(CAST({label} AS SMALLINT), -1) FROM {rows} WHERE {events}.id = {id}
"""
_COMPLETE = _LABEL.rstrip() + " AND {events}.label IS NULL\n"
# The store's own clock is the median time of its newest arrivals, so that a few wrong times do not turn it.
_PRUNE = """
DELETE FROM {events}
WHERE seq IN (SELECT seq FROM {events} ORDER BY seq LIMIT {parameter})
AND time < (
    SELECT time FROM (SELECT time FROM {events} ORDER BY seq DESC LIMIT 1000) AS newest ORDER BY time LIMIT 1 OFFSET 500
) - {old}
"""


class _Statements:
    """Those of the hot path, in the words of one database, as its driver takes them.

    All but `prune` take one JSON array of rows, [id, time, amount, label, entity ...] each.
    """

    def __init__(self, words: Dialect, table: sa.Table, keep_ms: int) -> None:
        events, *columns = (f'"{name}"' for name in (table.name, *table.columns.keys()))
        id, time, amount, label, *names = (words.cell.format(place) for place in range(len(columns) - 1))
        fill = partial(
            str.format,
            events=events,
            entities="".join(f", {entity}" for entity in columns[_KEYS:]),
            parameter={"qmark": "?", "format": "%s"}[words.paramstyle],
            rows=words.rows,
            id=id,
            time=time,
            amount=amount,
            label=label,
            names="".join(f", {name}" for name in names),
            keep=keep_ms,
            old=keep_ms + _LATE,
        )
        pasts = (fill(_PAST, number=number, entity=entity) for number, entity in enumerate(columns[_KEYS:]))
        self.insert = fill(_INSERT)
        self.read = fill(_MINE) + "".join(pasts)
        self.label = fill(_LABEL)
        self.complete = fill(_COMPLETE)
        self.prune = fill(_PRUNE)


def _tables(workload: str, entities: Sequence[str]) -> tuple[sa.Table, sa.Table]:
    """Return the table of the records and that of the names under which it was seeded."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # where INTEGER alone is the row's own number
    name = _plainly(f"events_{workload}")
    events = sa.Table(
        name,
        metadata := sa.MetaData(),
        sa.Column("seq", number, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("label", sa.SmallInteger),
        *(sa.Column(name, sa.Text, nullable=False) for name in _columns(entities)),
    )
    sa.Index(f"{name}_id", events.c.id, unique=True)
    for place, column in enumerate(list(events.c)[_KEYS:]):  # with all that is read, so that the table is not touched
        sa.Index(f"{name}_{place}", column, events.c.time, events.c.seq, events.c.amount, events.c.label)
    return events, sa.Table(_plainly(f"seeds_{workload}"), metadata, sa.Column("name", sa.Text, primary_key=True))


def _columns(entities: Sequence[str]) -> list[str]:
    """Return a column for each entity; names that differ in case alone, which SQLite takes for one, are hashed."""
    small = [entity.lower() for entity in entities]
    return [_plainly(f"entity_{entity}", hashed=small.count(entity.lower()) > 1) for entity in entities]


def _plainly(name: str, hashed: bool = False) -> str:
    """Return a name for a table or column: itself where every database takes it, else one like it and its hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    usable = name == plain and len(name) <= 56 and not hashed
    return name if usable else f"{plain[:40]}_{crc32(name.encode()):08x}"


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


def _described(connection: sa.Connection, columns: Iterable[Any]) -> str:
    return ", ".join(sorted(f"{column['name']} {column['type'].compile(connection.dialect)}" for column in columns))


def _chunks(columns: Sequence[Column]) -> Iterator[str]:
    for start in range(0, len(columns[0]), _CHUNK):
        yield _packed([column[start : start + _CHUNK] for column in columns])


def _packed(columns: Sequence[Column]) -> str:
    """Return the columns as one JSON array of rows, which a statement takes as a single value."""
    rows = json.dumps(list(zip(*map(_plain, columns), strict=True)), ensure_ascii=False)
    try:
        rows.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("an id or an entity is no text: it has half a character in it (U+D800 to U+DFFF)") from error
    if r"\u0000" in rows:
        raise BadRequest("an id or an entity has the character U+0000 in it, which no database takes")
    return rows


def _plain(column: Column) -> Sequence[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else column


def _pasts(found: Sequence[sa.Row[Any]], entities: Sequence[str]) -> dict[str, Past]:
    """Sort what `read` answers: which entity column (-1: places), code, time, amount, label, arrival."""
    table = np.fromiter(chain.from_iterable(found), np.int64, 6 * len(found)).reshape(-1, 6).T
    which, code, time, _, _, seq = table
    table = table[:, np.lexsort((seq, time, code, which))]
    starts = np.searchsorted(table[0], np.arange(len(entities) + 1))
    arrivals = table[5, : starts[0]]
    return {
        entity: _past(table[1:, start:end], arrivals)
        for entity, start, end in zip(entities, starts, starts[1:], strict=False)
    }


def _past(records: Integers, arrivals: Integers) -> Past:
    code, time, amount, label, seq = records
    entity = np.zeros(len(code), dtype=np.int64)
    np.cumsum(code[1:] != code[:-1], out=entity[1:])
    entity[code < 0] = -1
    order = np.argsort(seq)
    rows = order[np.searchsorted(seq, arrivals, sorter=order)]
    return Past(entity, time, amount, label.astype(np.int8), rows)
