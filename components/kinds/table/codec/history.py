"""History: the past records of each entity, in one database however many workers and hosts ask.

SQLite is one file for the workers of one host; PostgreSQL serves several hosts. A record is acknowledged once its
transaction is committed. From then on it survives the end of the process, SIGKILL too. With SQLite (`synchronous`
NORMAL) a loss of power may take the last acknowledged records, never the file; FULL would have every request wait for
the disk. With PostgreSQL the server's `synchronous_commit` decides: on, unless somebody turned it off.
"""

import json
import os
import random
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import uuid4
from zlib import crc32

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from components.config.errors import BadRequest, EndpointError

Integers = npt.NDArray[np.int64]
Column = npt.NDArray[Any] | Sequence[Any]
Result = TypeVar("Result")

_PATIENCE = 10.0  # seconds that a request waits for its turn
_SEEDING = 600.0  # seconds to wait while another process makes the tables or fills them
_LATE = 7 * 86_400_000  # milliseconds that a record may be late and still find the whole of its past
_NAP = 0.001  # seconds at most between two tries
_SILENCE = 20.0  # seconds beyond its patience until a server that says nothing is given up
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
        self._address = _address(url)
        self._entities = tuple(entities)
        self._table, self._seeds = _tables(workload, self._entities)
        self._say = _Statements(_DIALECTS[self._address.get_backend_name()], self._table, keep_ms)
        self._unpruned = 0
        self._patiently(self._create)
        self._database = _Database(self._address, self._table.name, _PATIENCE)

    def seeded(self, name: str) -> bool:
        """Whether `seed` has been done under this name."""
        return self._patiently(lambda connection: self._knows(connection, name))

    def seed(
        self, name: str, ids: Column, times: Column, amounts: Column, labels: Column, entities: Mapping[str, Column]
    ) -> int:
        """Load what has to be known on the first day, once for each `name`; return how many records were new.

        They come in the order of arrival; a label of -1 is not known, an entity of "" is none. An id that is there
        already is left alone.
        """
        columns = [ids, times, amounts, labels, *(entities[entity] for entity in self._entities)]

        def load(connection: sa.Connection) -> int:
            if self._knows(connection, name):
                return 0
            connection.execute(self._seeds.insert().values(name=name))
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
        with closing(_Database(self._address, self._table.name, _SEEDING)) as database:
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

    def __init__(self, words: "_Dialect", table: sa.Table, keep_ms: int) -> None:
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
        *(sa.Column(_plainly(f"entity_{entity}"), sa.Text, nullable=False) for entity in entities),
    )
    sa.Index(f"{name}_id", events.c.id, unique=True)
    for place, column in enumerate(list(events.c)[_KEYS:]):  # with all that is read, so that the table is not touched
        sa.Index(f"{name}_{place}", column, events.c.time, events.c.seq, events.c.amount, events.c.label)
    return events, sa.Table(_plainly(f"seeds_{workload}"), metadata, sa.Column("name", sa.Text, primary_key=True))


def _plainly(name: str) -> str:
    """Return a name for a table or column: itself where every database takes it, else one like it and its hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return name if name == plain and len(name) <= 56 else f"{plain[:40]}_{crc32(name.encode()):08x}"


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


@dataclass(frozen=True)
class _Dialect:
    """What the two databases say differently."""

    connect: tuple[str, ...]
    """Said once on each connection; `{patience}` in milliseconds."""
    begin: str
    """Opens a transaction as the only one that writes; `{key}` is the table's."""
    paramstyle: Literal["qmark", "format"]
    rows: str
    """The rows of a JSON array, the parameter, with their place as `key`."""
    cell: str
    """Cell `{0}` of such a row, which is a JSON array too."""


_DIALECTS = {
    "sqlite": _Dialect(
        connect=(
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = NORMAL",
            "PRAGMA wal_autocheckpoint = 4000",
            "PRAGMA busy_timeout = 0",
        ),
        begin="BEGIN IMMEDIATE",
        paramstyle="qmark",
        rows="json_each(?) AS given",
        cell="json_extract(given.value, '$[{0}]')",
    ),
    "postgresql": _Dialect(
        connect=(
            "SET lock_timeout = {patience}",
            "SET default_transaction_isolation = 'read committed'",  # each statement sees what the lock waited for
            "SET enable_hashjoin = off",  # by index, never through the whole table
            "SET enable_mergejoin = off",
        ),
        begin="SELECT pg_advisory_xact_lock({key})",
        paramstyle="format",
        rows="json_array_elements(CAST(%s AS json)) WITH ORDINALITY AS given (value, key)",
        cell="given.value ->> {0}",
    ),
}


class _Database:
    """One connection, whose transactions write alone, each in its turn, which it awaits `patience` seconds at most."""

    def __init__(self, address: sa.URL, key: str, patience: float) -> None:
        """Connect; `key` names what transactions take turns for."""
        self._address = address
        self._process = os.getpid()
        self._turn = threading.Lock()
        with _clear_errors(address):
            self._connection = _engine(address, key, patience).connect()

    def run(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do `work` in one transaction; once more where the connection was lost, for all here may be done twice.

        Raises:
            EndpointError: what the database says, and what to do about it.
        """
        if os.getpid() != self._process:
            raise EndpointError(f"{self._address}: opened in another process: open the history in each worker")
        with self._turn, _clear_errors(self._address):
            try:
                return self._committed(work)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._committed(work)

    def close(self) -> None:
        """Close the connection, in the process that opened it."""
        if os.getpid() == self._process:
            self._connection.close()

    def _committed(self, work: Callable[[sa.Connection], Result]) -> Result:
        with self._connection.begin():
            return work(self._connection)


def _engine(address: sa.URL, key: str, patience: float) -> sa.Engine:
    words, driver = _DIALECTS[address.get_backend_name()], address.get_driver_name()
    limits: dict[str, dict[str, Any]] = {
        "pysqlite": {"timeout": patience, "check_same_thread": False},
        "pg8000": {"timeout": patience + _SILENCE},
    }
    engine = sa.create_engine(
        address, poolclass=sa.NullPool, paramstyle=words.paramstyle, connect_args=limits.get(driver, {})
    )

    @sa.event.listens_for(engine, "connect")
    def greet(connection: Any, _: object) -> None:
        if driver == "pysqlite":
            connection.isolation_level = None  # transactions begin where `begin` says, not where sqlite3 thinks
        cursor = connection.cursor()
        for statement in words.connect:
            cursor.execute(statement.format(patience=round(patience * 1000)))
        connection.commit()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if driver != "pysqlite" or not _has_begun(connection, words.begin, patience):
            connection.exec_driver_sql(words.begin.format(key=crc32(key.encode())))

    return engine


def _has_begun(connection: sa.Connection, begin: str, patience: float) -> bool:
    """Try to begin every half millisecond: SQLite's own waiting naps for up to 0.1 s, while others go ahead."""
    given_up = time.monotonic() + patience
    while time.monotonic() < given_up:
        try:
            connection.connection.cursor().execute(begin)
            return True
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
        time.sleep(random.uniform(0.0, _NAP))  # noqa: S311 - so that those who wait do not keep step
    return False


def _address(url: str) -> sa.URL:
    """Return the address with its driver, after making the folder of a file."""
    try:
        address = sa.make_url(url)
    except ArgumentError as error:
        raise EndpointError(f"the history's address is none. {_FORMS}") from error
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+pg8000")
    if address.get_backend_name() not in _DIALECTS or address.database in (None, "", ":memory:"):
        raise EndpointError(f"{address}: the history cannot be kept there. {_FORMS}")
    if address.get_backend_name() == "sqlite" and "uri" not in address.query:
        try:
            Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EndpointError(f"{address}: {error}: the history's folder cannot be made") from error
    return address


@contextmanager
def _clear_errors(address: sa.URL) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise EndpointError(f"{address}: {error}: install the driver, or name another one in the address") from error
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        said = cause.args[0] if cause.args else cause
        said = said.get("M", said) if isinstance(said, dict) else said
        raise EndpointError(f"{address}: {' '.join(str(said).split())}: {_advice(str(said).lower())}") from error


def _advice(said: str) -> str:
    return next((advice for word, advice in _ADVICE.items() if word in said), _ADVICE[""])


_FORMS = "Forms: sqlite:////folder/history.db, postgresql://user:password@host:5432/database"
_ADVICE = {
    "locked": "another process holds the history for too long; end it, or try again",
    "lock timeout": "another process holds the history for too long; end it, or try again",
    "full": "make room on the history's disk",
    "no space": "make room on the history's disk",
    "readonly": "the history's file and its folder must be writable",
    "unable to open": "the history's file and its folder must be readable and writable",
    "not a database": "the history's file is something else; give another address",
    "malformed": "the history's file is damaged; put it aside, and a new one is made and seeded",
    "": "look whether the history's database runs, and whether its address and its user's rights are right",
}
