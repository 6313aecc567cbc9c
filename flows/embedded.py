"""Prefect's server for one run, where the user has none: history in state/, gone with the process that started it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_UI_URL,
    get_current_settings,
    temporary_settings,
)

from components.config.errors import JourneymanError
from components.internals.prefect import SERVER_APP, SERVER_VARIABLES, drain

_START_LIMIT = 120.0  # seconds; the first start makes the database
_STOP_LIMIT = 5.0

_SPARED = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
}
"""What the run does without: Prefect's page, and its block types, whose writing takes longer than a stage.

No note is kept that they are there, so that a server of the user's own writes them into the same database.
"""

# Prefect's own embedded server lives on when the flow is killed. This one reads a pipe that closes when we end.
_SERVER = """
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
sys.argv[0] = "uvicorn"
runpy.run_module("uvicorn", run_name="__main__", alter_sys=True)
"""


@contextmanager
def prefect_server() -> Iterator[None]:
    """Have flows of this block talk to the user's Prefect server, or else to one that lives as long as the block."""
    if get_current_settings().api.url:
        yield
        return
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    server = _start(port)
    try:
        _wait(server, url)
        # the heartbeat would hold the end of every run up for a second, to report to a server that ends with us
        with temporary_settings({PREFECT_API_URL: url, PREFECT_UI_URL: "", PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            try:
                yield
            finally:  # what still waits cannot be sent later
                drain(_STOP_LIMIT)
    finally:
        server.terminate()
        try:
            server.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            server.kill()


def _start(port: int) -> subprocess.Popen[bytes]:
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    arguments = ["--factory", SERVER_APP, "--host", "127.0.0.1", "--port", str(port)]
    return subprocess.Popen(
        [sys.executable, "-c", _SERVER, *arguments, "--log-level", "error", "--lifespan", "on"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C ends the flow first, which then ends the server
        env={**os.environ, **_SPARED, **SERVER_VARIABLES},
    )


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_LIMIT
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise JourneymanError(f"Prefect's embedded server did not start (exit status {server.poll()}); see the lines above")
