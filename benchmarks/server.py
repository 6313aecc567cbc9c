"""A server that is measured: started on loopback, waited for, its CPU time and memory counted, ended."""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil

from components.system.processes import die_with_parent

_START_LIMIT = 90.0  # seconds until the first answer
_STOP_LIMIT = 20.0  # seconds from SIGTERM to SIGKILL
_LOOK = 0.005  # seconds between two looks whether it answers
_MB = 1e6


@dataclass(frozen=True)
class Server:
    """A process, with its children, that answers on a port of 127.0.0.1."""

    process: "subprocess.Popen[bytes]"
    port: int
    started: float
    """On the clock of `time.perf_counter`."""
    answered: tuple[float, ...] = ()
    """Seconds from there to the answer to each request that it was waited for with."""

    def cpu(self) -> float:
        """Return the CPU seconds, user and system, that all its processes have taken."""
        times = [each.cpu_times() for each in self._tree()]
        return sum(time.user + time.system for time in times)

    def memory(self) -> dict[str, float]:
        """Return its megabytes: `rss` counts what processes share in each of them, `pss` once, `uss` never."""
        found = [each.memory_full_info() for each in self._tree()]
        return {name: sum(getattr(info, name) for info in found) / _MB for name in ("rss", "pss", "uss")}

    def back(self, request: bytes) -> float:
        """Kill its workers without a word; return the seconds until a new one answers the request with 200."""
        workers = psutil.Process(self.process.pid).children()
        killed = time.perf_counter()
        for worker in workers:
            worker.kill()
        while (seconds := time.perf_counter() - killed) < _START_LIMIT:
            if _status(self.port, request) == 200:
                return time.perf_counter() - killed
            time.sleep(_LOOK)
        sys.exit(f"{self.process.args!r} was not back within {seconds:.0f} s of its workers' death")

    def wait(self, request: bytes, log: Path) -> float:
        """Wait until the request is answered with 200; return the seconds since the start."""
        while (seconds := time.perf_counter() - self.started) < _START_LIMIT and self.process.poll() is None:
            if _status(self.port, request) == 200:
                return time.perf_counter() - self.started
            time.sleep(_LOOK)
        last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        sys.exit(f"{self.process.args!r} did not answer within {seconds:.0f} s. Its last words:\n{last}")

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


@contextmanager
def served(command: list[str], port: int, variables: Mapping[str, str], *requests: bytes) -> Iterator[Server]:
    """Run the command for as long as the block runs, which begins when it has answered each request with 200."""
    with tempfile.TemporaryDirectory() as folder, (log := Path(folder) / "log").open("w") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**clean_environment(), **variables},
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        try:
            server = Server(process, port, started)
            yield replace(server, answered=tuple(server.wait(request, log) for request in requests))
        finally:
            _end(process)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on.

    It is none that the system gives to connections that go out: one of these would have it while a server is down.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port of 127.0.0.1 is free")


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would set up the servers, and without the tools' telemetry."""
    ours = ("JOURNEYMAN_", "BENTOML_", "MLFLOW_", "UVICORN_", "WEB_CONCURRENCY", "OMP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    off = {"BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    return {**kept, **off, "PATH": path, "OMP_NUM_THREADS": "1"}


def _status(port: int, request: bytes) -> int | None:
    """Return the status of the answer to the request, or None if there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10.0) as connection:
            connection.sendall(request)
            answer = connection.recv(65536)
    except OSError:
        return None
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it, and whatever it leaves behind in its session."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_LIMIT)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
