"""Load on a server of this machine, from a process of its own: connections that ask all the time, or arrivals.

    python -m benchmarks.load < JOB > RESULT      (JSON; see `Job` and `Result`; `load` does it)

Closed loop: each connection asks again as soon as it is answered. Open loop: requests arrive at random (Poisson) at a
rate that does not depend on the answers, and a latency counts from the arrival, so that a slow server cannot slow its
own test down (Schroeder, Wierman and Harchol-Balter 2006, "Open Versus Closed: A Cautionary Tale"). Timers have a
resolution of a millisecond; `late_ms` says how late the generator itself was.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from array import array
from collections import Counter, deque
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import uvloop

from benchmarks import harness
from benchmarks.wire import Connection

_LABEL = re.compile(rb'"label": *"([^"]*)"')
_AGAIN = 0.05  # seconds until a refused connection is tried again
_LOOK = 0.05  # seconds between two looks at whether there is enough


@dataclass(frozen=True)
class Job:
    """What to ask, and how."""

    port: int
    requests: list[str]
    """Whole HTTP requests, in latin-1; asked in turn."""
    labels: list[str]
    """What each has to be answered."""
    seconds: float
    """At most, where `until` is said."""
    connections: int
    """Closed loop: how many; open loop: at most."""
    rate: float | None = None
    """Arrivals a second; None: closed loop."""
    bound: float = 1.0
    """Seconds within which an answer is a good one."""
    patience: float = 10.0
    """Seconds that are waited at the end for what is not answered yet."""
    until: str = ""
    """Closed loop: the path of a file; nothing more is asked as soon as it is there."""


@dataclass(frozen=True)
class Result:
    """What came back."""

    seconds: float
    """From the first request to the last answer, at least while there was something to ask."""
    asked: int
    statuses: dict[str, int]
    good: int
    """Answers 200 within the bound."""
    wrong: int
    """Answers 200 with another label than they should have."""
    lost: int
    """Requests that got no answer: no connection, a broken one, or too late."""
    p50_ms: float
    """Of the answers 200, as is p99."""
    p99_ms: float
    late_ms: float
    """Open loop: the generator came to 99 % of the arrivals within so much."""

    @property
    def answered(self) -> int:
        """How many were answered, whatever they were told."""
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        """Answers 200 a second."""
        return self.statuses.get("200", 0) / self.seconds

    @property
    def errors(self) -> int:
        """Requests without a right answer."""
        return self.lost + self.wrong + self.answered - self.statuses.get("200", 0)


def load(job: Job) -> Result:
    """Run the job in a process of its own."""
    command = harness.command("benchmarks.load")
    done = subprocess.run(command, input=json.dumps(asdict(job)), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the load generator failed:\n{done.stderr}")
    return Result(**json.loads(done.stdout))


class Load:
    """One job at work."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.requests = [request.encode("latin-1") for request in job.requests]
        self.labels = [label.encode() for label in job.labels]
        self.statuses: Counter[str] = Counter()
        self.latencies, self.lateness = array("d"), array("d")
        self.asked = self.ended = self.wrong = self.lost = self.open = 0
        self.waiting: deque[tuple[int, float]] = deque()
        self.idle: list[Connection] = []
        self.connecting: set[asyncio.Task[None]] = set()

    async def run(self) -> Result:
        """Ask for as long as the job says, and wait for the rest."""
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(_give_up)
        self.began = self.last = perf_counter()
        self.end = self.began + self.job.seconds
        await (self._keep_asking() if self.job.rate is None else self._arrive(self.job.rate))
        while self.ended < self.asked and perf_counter() < self.end + self.job.patience:
            await asyncio.sleep(0.005)
        return self._result()

    async def _keep_asking(self) -> None:
        for _ in range(self.job.connections):
            self._connect()
        while (left := self.end - perf_counter()) > 0:
            await asyncio.sleep(min(left, _LOOK) if self.job.until else left)
            if self.job.until and Path(self.job.until).exists():
                self.end = min(self.end, perf_counter())

    async def _arrive(self, rate: float) -> None:
        random, due = Random(0), self.began  # noqa: S311 - no secret
        while due < self.end:
            now = perf_counter()
            while due <= now and due < self.end:
                self.lateness.append(now - due)
                self._arrived(due)
                due += random.expovariate(rate)
            await asyncio.sleep(max(0.0, due - now))

    def _arrived(self, due: float) -> None:
        index, self.asked = self.asked % len(self.requests), self.asked + 1
        if self.idle:
            self.idle.pop().ask(self.requests[index], (index, due))
            return
        self.waiting.append((index, due))
        if self.open < self.job.connections:
            self._connect()

    def _free(self, connection: Connection) -> None:
        """Have the connection ask what is next, if anything is; one that closes tells of it by itself."""
        if connection.closing:
            return
        if self.waiting:
            index, due = self.waiting.popleft()
            connection.ask(self.requests[index], (index, due))
        elif self.job.rate is None and (now := perf_counter()) < self.end:
            index, self.asked = self.asked % len(self.requests), self.asked + 1
            connection.ask(self.requests[index], (index, now))
        else:
            self.idle.append(connection)

    def _answered(self, connection: Connection, about: tuple[int, float], status: int, body: bytes) -> None:
        (index, due), self.last = about, perf_counter()
        self.ended += 1
        self.statuses[str(status)] += 1
        if status == 200:
            self.latencies.append(self.last - due)
            label = _LABEL.search(body)
            self.wrong += label is None or label[1] != self.labels[index]
        self._free(connection)

    def _broken(self, connection: Connection, about: tuple[int, float] | None) -> None:
        """Count what it was asking as lost, and open another if there is still something to ask."""
        self.open -= 1
        if about is not None:
            self.ended, self.lost = self.ended + 1, self.lost + 1
        elif connection in self.idle:
            self.idle.remove(connection)
        if self.waiting or (self.job.rate is None and perf_counter() < self.end):
            self._connect()

    def _connect(self) -> None:
        self.open += 1
        task = self.loop.create_task(self._connected())
        self.connecting.add(task)
        task.add_done_callback(self.connecting.discard)

    async def _connected(self) -> None:
        while self.waiting or perf_counter() < self.end:
            try:
                make = self.loop.create_connection(
                    lambda: Connection(self._answered, self._broken), "127.0.0.1", self.job.port
                )
                self._free((await make)[1])
                return
            except OSError:
                self._refused()
                await asyncio.sleep(_AGAIN)
        self.open -= 1

    def _refused(self) -> None:
        """Count whoever waits for this connection as lost; in the closed loop it was about to ask."""
        if self.waiting:
            self.waiting.popleft()
        elif self.job.rate is None:
            self.asked += 1
        else:
            return
        self.ended, self.lost = self.ended + 1, self.lost + 1

    def _result(self) -> Result:
        return Result(
            seconds=max(self.last, self.end) - self.began,
            asked=self.asked,
            statuses=dict(self.statuses),
            good=sum(latency <= self.job.bound for latency in self.latencies),
            wrong=self.wrong,
            lost=self.lost + self.asked - self.ended,
            p50_ms=_percentile(self.latencies, 0.5),
            p99_ms=_percentile(self.latencies, 0.99),
            late_ms=_percentile(self.lateness, 0.99),
        )


def _give_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """End the generator: an error of its own is no answer of the server's."""
    print(context, file=sys.stderr, flush=True)
    os._exit(1)


def _percentile(seconds: "array[float]", part: float) -> float:
    """Return it in milliseconds; of nothing 0."""
    return 1e3 * sorted(seconds)[min(len(seconds) - 1, int(part * len(seconds)))] if seconds else 0.0


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(Load(Job(**json.load(sys.stdin))).run()))))
