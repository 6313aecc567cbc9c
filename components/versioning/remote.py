"""DVC's remote, asked before raw records are pulled from it."""

import socket
from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from components.system.servers import Server, ask_servers

_PORTS = {"http": 80, "https": 443, "webdav": 80, "webdavs": 443, "ssh": 22}
_PATIENCE = 4.0


@dataclass(frozen=True)
class Remote:
    """The default remote."""

    name: str
    address: str
    endpoint: str
    """Of an object store, where it is not Amazon's; else nothing."""


def default_remote(project: Path) -> Remote | None:
    """Return DVC's default remote; None: there is none."""
    config = RawConfigParser(interpolation=None, strict=False)
    config.read([project / ".dvc" / "config", project / ".dvc" / "config.local"])
    name = config.get("core", "remote", fallback="")
    section = next((found for found in config.sections() if found.strip("'") == f'remote "{name}"'), "")
    address = config.get(section, "url", fallback="")
    return Remote(name, address, config.get(section, "endpointurl", fallback="")) if address else None


def ask_remote(project: Path) -> None:
    """Ask the server of the default remote, where its address names one.

    Raises:
        ConfigError: it does not answer.
    """
    remote = default_remote(project)
    if remote is None:
        return
    address = remote.endpoint or remote.address
    parts = urlsplit(address)
    port = parts.port or _PORTS.get(parts.scheme)
    if parts.hostname and port:
        host = (parts.hostname, port)
        ask_servers([Server(f"DVC's remote {remote.name}", address, lambda: _connect(host), "")])


def _connect(host: tuple[str, int]) -> None:
    socket.create_connection(host, _PATIENCE).close()
