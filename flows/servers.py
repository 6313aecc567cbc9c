"""The servers that a flow needs, asked before it does anything: MLflow's, Prefect's, object stores, the memory."""

import os
from pathlib import Path

import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings

from components import catalogue
from components.config.errors import ConfigError
from components.config.settings import (
    ARTIFACTS,
    CHAMPIONS,
    MEMORY,
    PARTITIONS,
    SHARDS,
    STATE,
    shard_address,
    tracking_uri,
)
from components.inference.champion.published import CHAMPION, read_pointer
from components.kinds.database import address_of
from components.registry.promotion.ledger import Ledger
from components.system.address import Address
from components.system.files import must_be_writable
from components.system.servers import Server, ask_servers
from components.tracking.reach import ask_tracking, has_no_tables
from flows.release import is_own

PREFECT = "PREFECT_API_URL"


def ask_all(workload: str) -> None:
    """Ask every server that a setting names, for a flow that changes what is at work, and look at the disk.

    Raises:
        ConfigError: one does not answer as it should, or the project's folder cannot be written.
        PublishedError: endpoints of the workload follow another registry at the address where champions are published.
    """
    must_be_writable(ARTIFACTS, "artifacts")
    ask_registry(*_published(), *_memory(), *shard_servers(workload), *partition_servers(workload))
    ask_followed(workload)


def ask_followed(workload: str) -> None:
    """See to it that no other registry publishes champions of the workload at the same address.

    Raises:
        PublishedError: one does.
    """
    if is_own(where := os.environ[CHAMPIONS]):
        return
    pointer = read_pointer(champions := Address(where), workload)
    if pointer and pointer.position:
        history = "" if has_no_tables(tracking_uri()) else Ledger(workload).id
        pointer.position.must_share_history(history, f"{champions}/{workload}/{CHAMPION}.json")


def ask_registry(*more: Server) -> None:
    """Ask the servers that a flow needs which only looks things up in the registry, and `more`."""
    must_be_writable(STATE, "state")
    ask_tracking()
    ask_servers([*prefect_servers(), *more])


def prefect_servers() -> list[Server]:
    """Return Prefect's server; none where each run has its own."""
    url = get_current_settings().api.url
    otherwise = "each run has a server of its own"
    return [Server(PREFECT, url, _flows, otherwise, "PREFECT_API_KEY or PREFECT_API_AUTH_STRING")] if url else []


def _flows() -> None:
    with get_client(sync_client=True) as client:
        client.read_flows(limit=1)


def _published() -> list[Server]:
    address = os.environ[CHAMPIONS]
    return [Server(CHAMPIONS, address, lambda: _ask(address, CHAMPIONS), "champions are published under state/")]


def shard_servers(*workloads: str) -> list[Server]:
    """Return the store of the shards of prepared pictures, where one of the workloads has any."""
    if not any(getattr(catalogue.workload(name).prepare, "shards", None) for name in workloads):
        return []
    address = shard_address()
    return [Server(SHARDS, address, lambda: _ask(address, SHARDS), "shards are under state/")]


def partition_servers(*workloads: str) -> list[Server]:
    """Return the store of windows that are computed in partitions, where a setting names it and a workload has any."""
    address = os.environ.get(PARTITIONS, "")
    if not address or not any(getattr(catalogue.workload(name).prepare, "entities", None) for name in workloads):
        return []
    return [Server(PARTITIONS, address, lambda: _ask(address, PARTITIONS), "they are under state/")]


def _ask(address: str, setting: str) -> None:
    try:
        Address(address).ask(setting)
    except ConfigError as error:
        raise ConfigError(f"{setting}: {str(error).removeprefix(f'{setting}: ')}") from error


def _memory() -> list[Server]:
    url = os.environ.get(MEMORY, "")
    return [Server(MEMORY, url, lambda: _connect(url), "an endpoint remembers in a file of its own")] if url else []


def _connect(url: str) -> None:
    address = address_of(url)
    if address.get_backend_name() == "sqlite":
        must_be_writable(Path(str(address.database)).parent, MEMORY)
    else:
        sa.create_engine(address, poolclass=sa.NullPool).connect().close()
