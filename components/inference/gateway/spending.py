"""What an endpoint costs, from its own process: at `/metrics` as it goes, and by the hour in the ledger.

Once a second a worker asks the kernel what it has used, and divides it (`shares.py`); a request costs a few additions.
"""

import asyncio
import os
import resource
import time
from collections.abc import Awaitable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from components.inference.gateway.call import Call
from components.inference.gateway.metrics import Metrics, route_of
from components.inference.gateway.shares import EVERY, IDLE, Asked, Key, Shares
from components.inference.gateway.stepped import Stepped
from components.ledger.line import Line, add
from components.ledger.measure import logger, processor
from components.ledger.power import Power, power
from components.ledger.rapl import package_joules, wrapped
from components.ledger.usage import machine_cpu, peak_memory

SECOND = 1.0
"""Between two looks at what the process has used."""
KEPT = 300.0
"""Seconds between two writings of an hour's lines: a kill loses so much at most."""
MEASURED, ESTIMATED = "rapl", "estimate"
START = "start"
"""What the worker has used before it answered, beside routes and idling."""
_HOUR = "%Y-%m-%dT%H"


class Spending:
    """One worker's costs. Lives in its event loop."""

    def __init__(self, metrics: Metrics, where: Path) -> None:
        """Count in `metrics`; `where` is the workload's folder of the ledger."""
        self._metrics, self._where = metrics, where
        self._shares, self._asked = Shares(), dict[Key, Asked]()
        self._count = 0
        self._power: Power | None = None
        self._hour: dict[Key, Line] = {}
        self._began, self._id = "", ""
        self._looked, self._written, self._cpu = time.monotonic(), time.monotonic(), 0.0
        self._joules: tuple[float, float] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def around(self, call: Call, answering: Coroutine[Any, Any, None]) -> Awaitable[None]:
        """Return what is to be awaited in place of `answering`: one in a few is timed, and the first of each route."""
        self._count += 1
        route = route_of(call.path)
        if self._count % EVERY and route in self._shares.steps:
            return answering
        return Stepped(answering, partial(self._shares.timed, route))

    def observe(self, call: Call) -> None:
        """Take down a request that is over."""
        version = call.version if call.version and len(call.parts) < 2 else self._metrics.served
        key = (route_of(call.path), version or "")
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = Asked()
        asked.requests += 1
        asked.seconds += call.seconds
        asked.sent += call.sent

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at it each second from here on; what has been used before was the start."""
        self._power, self._joules = power(self._where.parent, look_up=False), _counters()
        self._begin_hour()
        self._cpu = _cpu()
        self._spent((START, ""), self._cpu, self._cpu * self._power.core_watts, ESTIMATED)
        self._looked = time.monotonic()
        self._timer = loop.call_later(SECOND, self._look, loop)

    def stop(self) -> None:
        """Look once more, and write the lines of this hour as they end."""
        if self._timer:
            self._timer.cancel()
            self.take()
            _write(self._where, self._lines("done"))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(SECOND, self._look, loop)
        self.take()
        if datetime.now(UTC).strftime(_HOUR) != self._began:
            loop.run_in_executor(None, _write, self._where, self._lines("done"))
            self._begin_hour()
        if time.monotonic() - self._written > KEPT:
            self._written = time.monotonic()
            loop.run_in_executor(None, _write, self._where, self._lines("running"))

    def take(self) -> None:
        """Divide what was used since the last look."""
        used, now = _cpu(), time.monotonic()
        cpu, wall = used - self._cpu, now - self._looked
        self._cpu, self._looked = used, now
        asked, self._asked = self._asked, {}
        joules, method = self._energy(cpu)
        for key, part in self._shares.divided(cpu, wall, asked).items():
            self._spent(key, part, joules * part / cpu if cpu else 0.0, method, asked.get(key, Asked()))
        self._add((IDLE, ""), 0.0, None, Asked(), wall)
        self._metrics.busy(cpu / wall if wall else 0.0)

    def _begin_hour(self) -> None:
        self._began, self._id, self._hour = datetime.now(UTC).strftime(_HOUR), uuid4().hex[:12], {}

    def _spent(self, key: Key, cpu: float, joules: float, method: str, asked: Asked | None = None) -> None:
        self._metrics.spent(*key, cpu, joules, method)
        self._add(key, cpu, joules if method == MEASURED else None, asked or Asked())

    def _add(self, key: Key, cpu: float, joules: float | None, asked: Asked, wall: float = 0.0) -> None:
        line = self._hour.get(key) or self._new(key)
        self._hour[key] = replace(
            line,
            cpu_seconds=line.cpu_seconds + cpu,
            wall_seconds=line.wall_seconds + wall,
            requests=line.requests + asked.requests,
            sent_bytes=line.sent_bytes + asked.sent,
            cpu_joules=line.cpu_joules if joules is None else (line.cpu_joules or 0.0) + joules,
        )

    def _new(self, key: Key) -> Line:
        route, version = key
        version = version or self._metrics.served or ""
        began = f"{self._began}:00:00+00:00"
        return Line(
            id=f"{self._id}-{len(self._hour)}",
            workload=self._where.name,
            part="endpoint",
            began=began,
            ended="running",
            wall_seconds=0.0,
            cpu_seconds=0.0,
            version=version,
            route=route,
            processor=self._power.processor if self._power else processor(),
            cores=os.cpu_count() or 1,
        )

    def _lines(self, ended: str) -> list[Line]:
        """Return the lines of this hour; the memory is the idling's, which lasts as long as the worker."""
        peak = peak_memory()
        return [
            replace(
                line,
                ended=ended,
                cpu_seconds=round(line.cpu_seconds, 4),
                wall_seconds=round(line.wall_seconds, 1),
                cpu_joules=None if line.cpu_joules is None else round(line.cpu_joules, 3),
                peak_bytes=peak if line.route == IDLE else None,
            )
            for line in self._hour.values()
        ]

    def _energy(self, cpu: float) -> tuple[float, str]:
        """Return the joules of `cpu` seconds, and how they are known."""
        before, self._joules = self._joules, _counters() if self._joules else None
        if before and self._joules:
            package, machine = (now - then for now, then in zip(self._joules, before, strict=True))
            package += wrapped() if package < 0 else 0.0
            return package * cpu / max(machine, cpu, 1e-9), MEASURED
        return cpu * (self._power.core_watts if self._power else 0.0), ESTIMATED


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _counters() -> tuple[float, float] | None:
    """Return the joules of the package and the CPU seconds of the machine; None: they cannot be read."""
    package = package_joules()
    machine = None if package is None else machine_cpu()
    return None if package is None or machine is None else (package, machine)


def _write(where: Path, lines: list[Line]) -> None:
    try:
        for line in lines:
            add(where, line.began[:7], line)
    except OSError as error:
        logger.warning("what the endpoint costs is not written down: %s", error)
