"""MLflow's tracking server and registry, asked before any work."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from math import ceil
from pathlib import Path

import sqlalchemy as sa
from mlflow import MlflowClient

from components.config.errors import ConfigError
from components.config.passwords import without_password
from components.config.settings import tracking_uri
from components.internals.mlflow import schema_versions
from components.system.files import must_be_writable
from components.system.servers import Server, ask_servers, seconds_to_answer

TRACKING, REGISTRY = "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"

_RETRIES, _TIMEOUT = "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"
_CREDENTIALS = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
_DATABASES = ("postgresql", "mysql", "mssql")
_OTHERS = ("databricks", "databricks-uc", "uc")
_PLUGINS = "mlflow.tracking_store"
"""The entry points by which packages bring other sorts of stores."""
_DRIVERS = {"psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
"""The package of a module, where it has another name."""
_FORMS = "say http://host:5000, https://host, sqlite:////folder/mlflow.db, postgresql://user:password@host/database"
_SQLITE = b"SQLite format 3\0"


def ask_tracking() -> None:
    """Ask the tracking server, and the registry where it is another one; once a process.

    Raises:
        ConfigError: one does not answer, or its address is none.
    """
    _ask(tracking_uri(), os.environ.get(REGISTRY, ""))


@cache
def _ask(tracking: str, registry: str) -> None:
    with without_retries() as seconds:
        ask_servers(servers(tracking, registry), within=seconds)


def servers(tracking: str, registry: str = "") -> list[Server]:
    """Return the servers at the two addresses; an address of the local disk is looked at here and now.

    Raises:
        ConfigError: an address is none, or the disk cannot be written.
    """
    found = _server(TRACKING, tracking, "the store is under state/", lambda: _experiments(tracking))
    if registry and registry != tracking:
        found += _server(REGISTRY, registry, f"{TRACKING} has the registry too", lambda: _models(registry))
    return found


def is_database(uri: str) -> bool:
    """Whether the address is that of a database which MLflow opens by itself, without a server of MLflow's."""
    return re.split(r"[:+]", uri)[0].lower() in _DATABASES


def has_no_tables(uri: str) -> bool:
    """Whether the address is that of a database in which MLflow has made no tables yet; opening it would make them."""
    if not is_database(uri):
        return False
    with sa.create_engine(uri, poolclass=sa.NullPool).connect() as connection:
        return schema_versions(connection)[0] is None


def _server(setting: str, uri: str, otherwise: str, ask: Callable[[], object]) -> list[Server]:
    scheme = re.split(r"[:+]", uri)[0].lower()
    if scheme == "sqlite":
        _look(setting, uri)
        return []
    if is_database(uri):
        return [Server(setting, uri, lambda: _connect(setting, uri), otherwise)]
    if scheme in ("http", "https"):
        return [Server(setting, uri, ask, otherwise, _CREDENTIALS)]
    if scheme in _OTHERS or scheme in entry_points(group=_PLUGINS).names or _is_of_files(uri):
        return []  # MLflow's own affair
    shown, nearest = without_password(uri), ""
    if scheme == "postgres":
        nearest = f"did you mean postgresql+pg8000{shown[len(scheme) :]}? Else "
    elif re.fullmatch(r"[\w.-]+(:\d+)?(/.*)?", uri):
        nearest = f"did you mean http://{uri}? Else "
    raise ConfigError(f"{setting}: {shown} is no address of an MLflow server or database; {nearest}{_FORMS}")


def _is_of_files(uri: str) -> bool:
    return uri.startswith(("/", ".", "file:")) and "MLFLOW_ALLOW_FILE_STORE" in os.environ


def _experiments(uri: str) -> None:
    MlflowClient(uri, registry_uri=uri).search_experiments(max_results=1)


def _models(uri: str) -> None:
    MlflowClient(uri, registry_uri=uri).search_registered_models(max_results=1)


def _connect(setting: str, uri: str) -> None:
    try:
        with sa.create_engine(uri, poolclass=sa.NullPool).connect() as connection:
            has, wants = schema_versions(connection)
    except ImportError as error:
        name = str(error.name)
        package = _DRIVERS.get(name, name)
        raise ConfigError(
            f"{setting}: this address needs a package that is not here; type: .venv/bin/python -m pip install {package}"
        ) from error
    if has not in (None, wants):
        raise ConfigError(
            f"{setting}: the tables of {without_password(uri)} are of another MLflow (schema {has}, this one's is "
            f"{wants}); keep a copy, then type mlflow db upgrade with this address, or take the MLflow that wrote them"
        )


def _look(setting: str, uri: str) -> None:
    """Look whether an SQLite database can be opened or made."""
    name = sa.make_url(uri).database
    if not name or name == ":memory:":
        shown = without_password(uri)
        raise ConfigError(
            f"{setting}: {shown} names no file, and every process would have a store of its own; {_FORMS}"
        )
    path = Path(name)
    must_be_writable(path.parent, setting)
    if not path.exists():
        return
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        raise ConfigError(f"{setting}: {path} cannot be read and written; mend its rights")
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) not in (_SQLITE, b""):
            raise ConfigError(f"{setting}: {path} is no SQLite database; name another file, or put this one aside")


@contextmanager
def without_retries() -> Iterator[float]:
    """Have MLflow's client try once for the block; else it asks for minutes, in the hope that a server comes back.

    Yields:
        the seconds that it waits for an answer: `MLFLOW_HTTP_REQUEST_TIMEOUT` where it is set, for a slow server.
    """
    before = {name: os.environ.get(name) for name in (_RETRIES, _TIMEOUT)}
    seconds = before[_TIMEOUT] or f"{ceil(seconds_to_answer())}"
    os.environ.update({_RETRIES: "0", _TIMEOUT: seconds})
    try:
        yield float(seconds) if seconds.isdecimal() else seconds_to_answer()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
