"""Every server that a setting names, asked at once, a line each: `python -m flows.check --settings`."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from components import catalogue
from components.config.errors import ConfigError
from components.config.passwords import without_password
from components.config.settings import CHAMPIONS, LOGS, MEMORY, RUN_ARTIFACTS, SERVER_TIMEOUT, STUDIES, tracking_uri
from components.config.team import FILE, read_team, written_passwords
from components.kinds.database import address_of
from components.system.address import Address
from components.system.files import must_be_writable
from components.system.servers import Server, answers, seconds_to_answer
from components.system.skew import must_agree
from components.tracking.reach import REGISTRY, TRACKING, is_database, servers
from components.versioning.remote import Remote, ask_remote, default_remote
from flows.release import is_own
from flows.servers import ask_followed, partition_servers, prefect_servers, shard_servers

WITHIN = 5.0
"""Seconds that all of them have together, where `JOURNEYMAN_SERVER_TIMEOUT` does not say another number."""


@dataclass(frozen=True)
class Reached:
    """What came of asking them."""

    lines: tuple[tuple[str, str, str], ...]
    """Of each setting its name, the address, and what is to be said."""
    wrong: int
    """How many do not lead to what can be used."""

    def __str__(self) -> str:
        widths = [max(len(line[column]) for line in self.lines) for column in (0, 1)]
        return "\n".join(f"{name:{widths[0]}}  {address:{widths[1]}}  {said}" for name, address, said in self.lines)


def ask_settings() -> Reached:
    """Ask every server that a setting names, and look at every folder; nothing is kept but a file `.asked`."""
    asked = list(_servers())
    lines, wrong = [], 0
    within = seconds_to_answer() if os.environ.get(SERVER_TIMEOUT) else WITHIN
    for server, error in zip(asked, answers(asked, within), strict=True):
        address = without_password(server.address)
        lines.append((server.setting, address, f"not: {_short(error, server, address)}" if error else _well(server)))
        wrong += error is not None
    return Reached((_file(), *lines), wrong)


def _file() -> tuple[str, str, str]:
    said, plain = read_team(Path.cwd()), written_passwords(Path.cwd())
    shared = f"a password stands in {', '.join(plain)}, for all to read: write ${{NAME}}, and export NAME=…"
    about = shared if plain else "the environment wins over it"
    return (str(FILE), f"{len(said)} settings" if said else "not there", about)


def _well(server: Server) -> str:
    return "reached" if "://" in server.address and not server.address.startswith(("sqlite", "file")) else "here"


def _short(error: ConfigError, server: Server, address: str) -> str:
    """Return what is wrong without what the line says already."""
    said = str(error)
    for before in (f"{server.setting}: ", f"{address} "):
        said = said.removeprefix(before)
    return said


def _servers() -> Iterator[Server]:
    tracking, registry = tracking_uri(), os.environ.get(REGISTRY, "")
    yield Server(TRACKING, tracking, lambda: _ask_tracking(tracking), "the store is under state/")
    if registry and registry != tracking:
        yield Server(REGISTRY, registry, lambda: _ask_tracking(tracking, registry), f"{TRACKING} has the registry too")
    if is_database(tracking):
        artifacts = os.environ.get(RUN_ARTIFACTS, "")
        yield Server(RUN_ARTIFACTS, artifacts or "not set", lambda: _ask_artifacts(artifacts), "")
    yield from prefect_servers()
    if (remote := default_remote(Path.cwd())) is not None:
        yield Server(f"DVC's remote {remote.name}", remote.address, partial(_ask_remote, remote), "")
    champions = os.environ[CHAMPIONS]
    yield Server(CHAMPIONS, champions, lambda: _ask_champions(champions), "champions are published under state/")
    yield from shard_servers(*catalogue.workloads())
    yield from partition_servers(*catalogue.workloads())
    yield from _database(MEMORY, "an endpoint remembers in a file of its own", address_of)
    logs = os.environ[LOGS]
    yield Server(LOGS, logs, lambda: must_be_writable(Path(logs), LOGS), "logs are under state/")
    yield from _database(STUDIES, "searches keep their trials under state/", sa.make_url)


def _ask_tracking(tracking: str, registry: str = "") -> None:
    for server in servers(tracking, registry):
        server.ask()
    if is_database(asked := registry or tracking):
        _clock(REGISTRY if registry else TRACKING, sa.make_url(asked))


def _ask_artifacts(address: str) -> None:
    if not address:
        raise ConfigError(
            f"{RUN_ARTIFACTS}: MLflow's store is a database without a server, and artifacts would stay in this folder; "
            "say where they go, as s3://bucket/mlflow"
        )
    Address(address).examine(RUN_ARTIFACTS)


def _ask_champions(address: str) -> None:
    Address(address).examine(CHAMPIONS)
    if not is_own(address):
        for workload in catalogue.workloads():
            ask_followed(workload)


def _ask_remote(remote: Remote) -> None:
    if remote.address.startswith("s3:"):
        Address(remote.address, remote.endpoint).ask(f"DVC's remote {remote.name}")
    else:
        ask_remote(Path.cwd())


def _database(setting: str, otherwise: str, parsed: Callable[[str], sa.URL]) -> Iterator[Server]:
    if url := os.environ.get(setting, ""):
        yield Server(setting, url, lambda: _clock(setting, parsed(url)), otherwise)


def _clock(setting: str, address: sa.URL) -> None:
    """Connect to the database, and hold its clock against this machine's."""
    if address.get_backend_name() == "sqlite":
        must_be_writable(Path(str(address.database)).parent, setting)
        return
    try:
        engine = sa.create_engine(address, poolclass=sa.NullPool)
    except ImportError as error:
        raise ConfigError(
            f"{setting}: needs the package {error.name}; write {address.get_backend_name()}+pg8000://, whose driver is "
            "in the group cluster"
        ) from error
    with engine.connect() as connection:
        if address.get_backend_name() != "postgresql":
            return
        before = time.time()
        told = connection.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
        must_agree(float(told), before, time.time(), setting, str(address.host))
