"""A running endpoint: started on loopback, waited for, asked over HTTP, ended."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGTERM
from typing import IO, Any

import httpx

from components.config.errors import EndpointError
from components.config.params import Serve
from components.config.settings import CHAMPIONS, LOGS, MEMORY, VERSION
from components.inference.gateway.answer_log import ORIGIN
from components.inference.options import variable
from components.system.processes import die_with_parent

START_TIMEOUT: float = Serve().start_timeout
"""Seconds until `/readyz` has to answer, where nothing is said."""
_STOP_LIMIT = 20.0  # seconds from SIGTERM to SIGKILL
_ANSWER_LIMIT = 30.0  # seconds for one answer
_SMOKE = {ORIGIN: "smoke"}
_DEVICE = variable("device")
# set for others: an endpoint that is asked here answers on loopback, for a moment
_WHO_GETS_IN = [variable(field) for field in ("api_keys", "api_keys_file", "rate", "burst")]


@dataclass(frozen=True)
class EndpointClient:
    """Where a running endpoint answers."""

    url: str
    client: httpx.Client
    process: int
    """The id of the process that has started the workers."""

    def ask(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to one row, as the kind's codec encodes it: bytes are uploaded, the rest is JSON.

        Raises:
            EndpointError: no answer, or one that is no success.
        """
        uploads = {name: value for name, value in row.items() if isinstance(value, bytes)}
        content: dict[str, Any] = {"files": uploads} if uploads else {"json": dict(row)}
        try:
            answer = self.client.post(f"{self.url}/predict", headers=_SMOKE, timeout=_ANSWER_LIMIT, **content)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise EndpointError(f"{self.url}/predict: {error}") from error
        return dict(answer.json())


@contextmanager
def running_endpoint(
    bento: str, start_timeout: float = START_TIMEOUT, variables: Mapping[str, str] | None = None
) -> Iterator[EndpointClient]:
    """Serve the Bento with the tag `bento` on a free port of 127.0.0.1 for as long as the block runs.

    Args:
        bento: the tag.
        start_timeout: seconds until it has to be ready.
        variables: what its environment has besides.

    Raises:
        EndpointError: it ends or stays unready; the message has the last lines of its log.
    """
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        port = _free_port()
        command = [sys.executable, "-m", "bentoml", "serve", bento, "--host", "127.0.0.1", "--port", str(port)]
        own = {MEMORY: f"sqlite:///{folder}/memory.db", LOGS: f"{folder}/predictions"}  # what is asked is no customer's
        alone = {CHAMPIONS: "", VERSION: ""}  # this very Bento is asked, whoever is champion
        here = {_DEVICE: os.environ.get(_DEVICE) or "auto"}  # a GPU that is asked for is where it will serve
        public = {name: value for name, value in os.environ.items() if name not in _WHO_GETS_IN}
        server = subprocess.Popen(
            command,
            cwd=folder,
            env={**public, **own, **alone, **here, **(variables or {})},
            stdout=log,
            stderr=log,
            preexec_fn=partial(die_with_parent, SIGTERM),
        )
        try:
            with httpx.Client(trust_env=False) as client:
                endpoint = EndpointClient(f"http://127.0.0.1:{port}", client, server.pid)
                yield _ready(endpoint, server, log, start_timeout)
        finally:
            _end(server)


def _ready(endpoint: EndpointClient, server: subprocess.Popen[bytes], log: IO[str], patience: float) -> EndpointClient:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if endpoint.client.get(f"{endpoint.url}/readyz", timeout=1.0).is_success:
                return endpoint
        except httpx.HTTPError:
            time.sleep(0.05)
    log.seek(0)
    last = [line.strip() for line in log if line.strip()][-5:]
    ended = server.poll() is not None
    what = (
        f"the endpoint ended with status {server.returncode} before it was ready"
        if ended
        else f"the endpoint did not get ready within {patience:g} s (serve.start_timeout)"
    )
    raise EndpointError(f"{what}. Its last words: {' | '.join(last)}")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(_STOP_LIMIT)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
