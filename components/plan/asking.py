"""Load on an endpoint of this machine, in this thread: connections that ask all the time, or arrivals at random.

Timers of microseconds, which asyncio's loops have not: a model may answer in less than one of their milliseconds. At
random (Poisson) a latency counts from the arrival, so that a slow endpoint cannot slow its own test down.
"""

import gc
import random
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from components.config.errors import EndpointError

_PATIENCE = 10.0  # seconds for what is not answered at the end
_SLACK = Path("/proc/self/timerslack_ns")
_LENGTH = b"\r\ncontent-length:"


@dataclass(frozen=True)
class Asked:
    """What came back."""

    seconds: float
    latencies: NDArray[np.float64]
    """`[N]`, seconds, in the order of the answers."""
    refused: int
    """Answers that were not 200."""
    late: NDArray[np.float64]
    """`[N]`, seconds by which an arrival was sent too late, for whatever this thread was at; empty in a closed loop."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def http_request(port: int, row: Mapping[str, Any]) -> bytes:
    """Return the bytes that ask an endpoint about a row: bytes are uploaded, the rest is JSON."""
    uploads = {name: value for name, value in row.items() if isinstance(value, bytes)}
    content: dict[str, Any] = {"files": uploads} if uploads else {"json": dict(row)}
    made = httpx.Request("POST", f"http://127.0.0.1:{port}/predict", **content)
    body = made.read()
    head = "".join(f"{name}: {value}\r\n" for name, value in made.headers.items())
    return f"POST /predict HTTP/1.1\r\n{head}\r\n".encode() + body


def ask(
    port: int, requests: Sequence[bytes], seconds: float, connections: int, rate: float | None = None, seed: int = 0
) -> Asked:
    """Ask about `requests` in turn for `seconds`; by `rate` arrivals a second, or else each connection all the time.

    Raises:
        EndpointError: a connection was closed, or answers did not come.
    """
    with _connected(port, connections) as sockets:
        return _Asking(sockets, requests, random.Random(seed), rate).run(seconds)  # noqa: S311 - no secret


@contextmanager
def _connected(port: int, count: int) -> Iterator[list[socket.socket]]:
    sockets: list[socket.socket] = []
    collects = gc.isenabled()
    slack = _timer_slack("1000")
    try:
        for _ in range(count):
            made = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets.append(made)
        gc.disable()
        yield sockets
    except OSError as error:
        raise EndpointError(f"127.0.0.1:{port}: {error}") from error
    finally:
        if collects:
            gc.enable()
        _timer_slack(slack)
        for made in sockets:
            made.close()


def _timer_slack(nanoseconds: str) -> str:
    """Have this thread's timers be late by so much at most, not by Linux's 50 microseconds; return what it was."""
    try:
        before = _SLACK.read_text()
        _SLACK.write_text(nanoseconds)
    except OSError:  # no Linux
        return nanoseconds
    return before


def ask_alone(
    port: int, requests: Sequence[bytes], seconds: float, waited: Callable[[], float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ask one request after the other for `seconds`; return their latencies and what was waited in each, `[N]` both.

    Args:
        port: of 127.0.0.1.
        requests: in turn.
        seconds: that it takes.
        waited: the seconds for which those at work have wanted a core that others had, up to now.

    Raises:
        EndpointError: a connection was closed, or an answer was not 200.
    """
    latencies: list[float] = []
    waits: list[float] = []
    end, before = time.perf_counter() + seconds, waited()
    with _connected(port, 1) as (connection,):
        while (began := time.perf_counter()) < end:
            connection.sendall(requests[len(latencies) % len(requests)])
            answer = b""
            while not _whole(answer):
                if not (data := connection.recv(65536)):
                    raise EndpointError("the endpoint closed a connection")
                answer += data
            latencies.append(time.perf_counter() - began)
            if answer[9:12] != b"200":
                raise EndpointError(f"an answer was not 200: {answer[:200]!r}")
            now = waited()
            waits.append(now - before)
            before = now
    return np.array(latencies), np.array(waits)


class _Asking:
    def __init__(
        self, sockets: Sequence[socket.socket], requests: Sequence[bytes], chance: random.Random, rate: float | None
    ) -> None:
        self.sockets = {made.fileno(): made for made in sockets}
        self.requests, self.chance, self.rate = requests, chance, rate
        self.free, self.waiting = deque(self.sockets), deque[float]()
        self.asked_at: dict[int, float] = {}
        self.buffers: dict[int, bytes] = {}
        self.latencies: list[float] = []
        self.late: list[float] = []
        self.asked = self.refused = 0

    def run(self, seconds: float) -> Asked:
        began = time.perf_counter()
        self.due, self.end = began, began + seconds
        if self.rate is None:
            while self.free:
                self._send(self.free.popleft(), time.perf_counter())
        while (now := time.perf_counter()) < self.end or self.asked_at:
            if now > self.end + _PATIENCE:
                raise EndpointError(f"{len(self.asked_at)} requests had no answer after {_PATIENCE:g} s")
            self._arrive(now)
            for ready in self._ready():
                self._receive(ready)
        taken = max(seconds, time.perf_counter() - began)
        return Asked(taken, np.array(self.latencies), self.refused, np.array(self.late))

    def _arrive(self, now: float) -> None:
        """Send what has arrived by now, or have it wait for a connection."""
        while self.rate is not None and self.due <= min(now, self.end):
            self.late.append(now - self.due)
            if self.free:
                self._send(self.free.popleft(), self.due)
            else:
                self.waiting.append(self.due)
            self.due += self.chance.expovariate(self.rate)

    def _ready(self) -> Sequence[int]:
        """Return the connections that have something to read, once there is one or the next arrival is due."""
        until = self.due if self.rate is not None and self.due < self.end else self.end + _PATIENCE
        wait = max(0.0, min(until - time.perf_counter(), 0.1))
        return select.select(list(self.asked_at), [], [], wait)[0]

    def _send(self, connection: int, at: float) -> None:
        self.asked_at[connection] = at
        self.sockets[connection].sendall(self.requests[self.asked % len(self.requests)])
        self.asked += 1

    def _receive(self, connection: int) -> None:
        data = self.sockets[connection].recv(65536)
        now = time.perf_counter()
        if not data:
            raise EndpointError("the endpoint closed a connection")
        answer = self.buffers.pop(connection, b"") + data
        if not _whole(answer):
            self.buffers[connection] = answer
            return
        self.latencies.append(now - self.asked_at.pop(connection))
        self.refused += answer[9:12] != b"200"
        if self.waiting:
            self._send(connection, self.waiting.popleft())
        elif self.rate is None and now < self.end:
            self._send(connection, now)
        else:
            self.free.append(connection)


def _whole(answer: bytes) -> bool:
    head, ended, body = answer.partition(b"\r\n\r\n")
    if not ended:
        return False
    at = head.lower().find(_LENGTH)
    if at < 0:
        raise EndpointError(f"an answer without a length: {head!r}")
    return len(body) >= int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
