"""DVC's remote, asked before raw records are pulled from it."""

import socket
from configparser import RawConfigParser
from pathlib import Path
from urllib.parse import urlsplit

from components.system.servers import Server, ask_servers

_PORTS = {"http": 80, "https": 443, "webdav": 80, "webdavs": 443, "ssh": 22}
_PATIENCE = 4.0


def ask_remote(project: Path) -> None:
    """Ask the server of the default remote, where its address names one.

    Raises:
        ConfigError: it does not answer.
    """
    config = RawConfigParser(interpolation=None, strict=False)
    config.read([project / ".dvc" / "config", project / ".dvc" / "config.local"])
    name = config.get("core", "remote", fallback="")
    section = next((found for found in config.sections() if found.strip("'") == f'remote "{name}"'), "")
    address = config.get(section, "endpointurl", fallback="") or config.get(section, "url", fallback="")
    parts = urlsplit(address)
    port = parts.port or _PORTS.get(parts.scheme)
    if parts.hostname and port:
        host = (parts.hostname, port)
        ask_servers([Server(f"DVC's remote {name}", address, lambda: _connect(host), "")])


def _connect(host: tuple[str, int]) -> None:
    socket.create_connection(host, _PATIENCE).close()
