"""A lock that every host sees: in MLflow's database, where that is a PostgreSQL; and always a file's, in this folder.

An advisory lock belongs to a connection: it is let go when its holder ends, however that ends, as soon as the server
finds the connection gone; of a host that is cut off that takes a minute. Where an MLflow server stands between, nobody
reaches its database, and the folder's lock is all there is: what it keeps apart is then kept right by what MLflow lets
nobody write twice (see `registry.get_or_create` and `registry.promotion.ledger`), only less quickly.
"""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from components.config.errors import RegistryError
from components.config.settings import tracking_uri
from components.system.locks import locked
from components.tracking.reach import REGISTRY

PATIENCE = 600.0
"""Seconds that another host's holder is waited for: registering uploads a bundle."""
_KEEPALIVE = ("tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3")


@contextmanager
def shared_lock(name: str, path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock `name` for the block: the file at `path`, and in the database, if there is one.

    Raises:
        RegistryError: a process of another folder or host has held it for `patience` seconds.
    """
    with locked(path), _advisory(name, patience):
        yield


@contextmanager
def _advisory(name: str, patience: float) -> Iterator[None]:
    address = os.environ.get(REGISTRY) or tracking_uri()
    if not address.startswith("postgresql"):
        yield
        return
    engine = sa.create_engine(address, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        _take(connection, name, patience)
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):  # a database that has gone has let go of it
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _key(name)})


def _take(connection: sa.Connection, name: str, patience: float) -> None:
    for setting in (*_KEEPALIVE, f"lock_timeout = {patience * 1000:.0f}"):
        connection.execute(sa.text(f"SET {setting}"))
    who = {"who": f"{socket.gethostname()}:{os.getpid()}"[:63]}
    connection.execute(sa.text("SELECT set_config('application_name', :who, false)"), who)
    try:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _key(name)})
    except DBAPIError as error:
        if "lock timeout" not in str(error):
            raise
        raise RegistryError(
            f"{name}: held by {_holder(connection, name)} for {patience:g} s; is that process stopped? Else end it"
        ) from error


def _holder(connection: sa.Connection, name: str) -> str:
    """Return host and process of who holds the lock."""
    found = connection.execute(
        sa.text(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' "
            "AND granted AND (classid::bigint << 32) + objid::bigint = :key"
        ),
        {"key": _key(name)},
    ).scalar()
    return str(found or "another process")


def _key(name: str) -> int:
    """Return the lock's number, of 62 bits: PostgreSQL's are signed, and both of its halves are shown."""
    return int.from_bytes(hashlib.sha256(f"journeyman {name}".encode()).digest()[:8], "big") >> 2
