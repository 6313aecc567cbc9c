"""The two databases that events may be kept in, through SQLAlchemy: how they are spoken to, their errors."""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from components.config.errors import EndpointError

Result = TypeVar("Result")

_NAP = 0.001  # seconds at most between two tries
_CLEANING = 60_000  # milliseconds that a table to be written anew is waited for
_SILENCE = 20.0  # seconds beyond its patience until a server that says nothing is given up


@dataclass(frozen=True)
class Dialect:
    """What the two databases say differently."""

    connect: tuple[str, ...]
    """Said once on each connection; `{patience}` in milliseconds."""
    begin: str
    """Opens a transaction as the only one that writes; `{key}` is the table's."""
    paramstyle: Literal["qmark", "format"]
    rows: str
    """The rows of a JSON array, the parameter, with their index as `key`."""
    cell: str
    """Cell `{0}` of such a row, which is a JSON array too."""


DIALECTS = {
    "sqlite": Dialect(
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
    "postgresql": Dialect(
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


class Database:
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
            raise EndpointError(f"{self._address}: opened in another process: open the memory in each worker")
        with self._turn, _clear_errors(self._address):
            try:
                return self._committed(work)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._committed(work)

    def clean(self, table: str) -> None:
        """Write the table anew, so that nothing is left of what was deleted, beside those who use it.

        Raises:
            EndpointError: what the database says; doing it again goes on.
        """
        with self._turn, _clear_errors(self._address):
            connection: Any = self._connection.connection.dbapi_connection
            if self._address.get_driver_name() == "pysqlite":
                connection.execute(f"PRAGMA busy_timeout = {_CLEANING}")
                connection.execute("VACUUM")
                if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    raise EndpointError(f"{self._address}: others read it all the time; do it once more")
            else:
                connection.autocommit = True
                connection.cursor().execute(f'VACUUM FULL "{table}"')

    def close(self) -> None:
        """Close the connection, in the process that opened it."""
        if os.getpid() == self._process:
            self._connection.close()

    def _committed(self, work: Callable[[sa.Connection], Result]) -> Result:
        with self._connection.begin():
            return work(self._connection)


def _engine(address: sa.URL, key: str, patience: float) -> sa.Engine:
    words, driver = DIALECTS[address.get_backend_name()], address.get_driver_name()
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
            said = statement.format(patience=round(patience * 1000))
            if driver != "pysqlite" or not _done(cursor, said, patience):
                cursor.execute(said)
        connection.commit()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if driver != "pysqlite" or not _done(connection.connection.cursor(), words.begin, patience):
            connection.exec_driver_sql(words.begin.format(key=crc32(key.encode())))

    return engine


def _done(cursor: Any, statement: str, patience: float) -> bool:
    """Try a statement each half millisecond while others hold the file; False: they did all the time, or it is wrong.

    SQLite's own waiting naps for up to 0.1 s, while others go ahead; and where several make a file one of WAL at the
    same moment, it does not wait at all.
    """
    given_up = time.monotonic() + patience
    while time.monotonic() < given_up:
        try:
            cursor.execute(statement)
            return True
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
        time.sleep(random.uniform(0.0, _NAP))  # noqa: S311 - so that those who wait do not keep step
    return False


def address_of(url: str) -> sa.URL:
    """Return the address with its driver, after making the folder of a file."""
    try:
        address = sa.make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number
        raise EndpointError(f"the memory's address is none. {_FORMS}") from error
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+pg8000")
    if address.get_backend_name() not in DIALECTS or address.database in (None, "", ":memory:"):
        raise EndpointError(f"{address}: the memory cannot be kept there. {_FORMS}")
    if address.get_backend_name() == "sqlite" and "uri" not in address.query:
        if not Path(str(address.database)).is_absolute():  # an endpoint's workers stand in another folder
            raise EndpointError(f"{address}: name the memory's file by its whole path. {_FORMS}")
        try:
            Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EndpointError(f"{address}: {error}: the memory's folder cannot be made") from error
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
    "locked": "another process holds the memory for too long; end it, or try again",
    "lock timeout": "another process holds the memory for too long; end it, or try again",
    "full": "make room on the memory's disk",
    "no space": "make room on the memory's disk",
    "readonly": "the memory's file and its folder must be writable",
    "unable to open": "the memory's file and its folder must be readable and writable",
    "not a database": "the memory's file is something else; give another address",
    "malformed": "the memory's file is damaged; put it aside, and a new one is made and seeded",
    "": "look whether the memory's database runs, and whether its address and its user's rights are right",
}
