"""An endpoint, measured: started from a bundle with some workers, and asked by one and by many connections.

    state/plan/<workload>/measured/<bundle>-<code>.json      what was found, which is not measured again for a month

Nothing of it touches what serves: the Bento is made in a store of its own, its memory, log and ledger are scratch.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from components.config.errors import BundleError, EndpointError
from components.inference.smoke.client import EndpointClient, running_endpoint
from components.ledger.measure import processor
from components.plan.arrivals import PARTS, Arrivals
from components.plan.asking import Asked, ask, ask_alone, http_request
from components.plan.service_time import Float64, Level, ServiceTime, fitted
from components.plan.workers import memory_of, pinned, used_by, worker_processes
from components.system.processes import cores

CONNECTIONS = (1, 2, 4, 8, 16, 32)
_SEVERAL = (2, 4, 8)
_ROUNDS = 2
_LOADS = (0.2, 0.45, 0.7, 0.85, 0.93)  # parts of the capacity at which requests come at random
_WINDOWS = 3  # of each load
_OPEN = 64  # connections that they find
_FEW, _LONGEST = 100, 8.0  # requests that a window has at least, unless it takes more seconds
_IDLE = 2.0  # seconds without a request
_TURNS = re.compile(r"^journeyman_batch_size_count\S* (\S+)$", re.MULTILINE)
_PACKAGE = "import sys; from components.inference.package import *; print(package(Path(sys.argv[1]), sys.argv[2], '1'))"
_KEPT = 2_000  # latencies
_ENOUGH = 100  # of them in which nobody waited
_NOTHING = 0.1  # of a latency, that may be waited in it: to be woken takes a few microseconds


@dataclass(frozen=True)
class Probe:
    """What was measured of a bundle's endpoint with one worker, and of two and more where there are cores for them."""

    when: str
    """UTC, ISO 8601."""
    processor: str
    cores: int
    levels: list[Level]
    """Of connections that ask all the time."""
    arrivals: list[Arrivals]
    """Of requests that come at random, several windows of each rate."""
    single: list[float]
    """Latencies of one connection, seconds; those alone in which nobody waited for a core, if these are enough."""
    undisturbed: bool
    """Whether they were."""
    idle: float
    """CPU seconds a second of a worker that nobody asks."""
    start: float
    """Seconds until the endpoint was ready."""
    memory: dict[int, int]
    """Workers -> bytes that the whole endpoint held."""
    several: dict[int, float]
    """Workers -> CPU seconds that they took, by those that one alone takes for as many turns and requests."""
    size: int
    """Bytes of the bundle."""

    @property
    def arrived(self) -> list[Level]:
        """Return what the worker did while requests came at random."""
        return [each.level for each in self.arrivals]

    @property
    def requests(self) -> int:
        """Return how many requests it was found by."""
        return sum(level.requests for level in self.levels + self.arrived)

    @property
    def waited(self) -> float:
        """Return the part of the time a worker was at it in which it wanted a core that others had."""
        wanted = sum(level.waited + level.cpu for level in self.levels)
        return sum(level.waited for level in self.levels) / wanted if wanted else 0.0

    @property
    def latencies(self) -> Float64:
        """Return the latencies of one connection, seconds, `[N]`."""
        return np.array(self.single)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def probe_from_json(told: Mapping[str, Any]) -> Probe:
    """Return what `to_json` made."""
    levels = [Level(**level) for level in told["levels"]]
    arrivals = [Arrivals(**{**each, "level": Level(**each["level"])}) for each in told["arrivals"]]
    by_workers = {name: {int(count): value for count, value in told[name].items()} for name in ("memory", "several")}
    return Probe(**{**told, "levels": levels, "arrivals": arrivals, **by_workers})


def probe(bundle: Path, rows: Sequence[Mapping[str, Any]], patience: float, seconds: float = 0.7) -> Probe:
    """Measure the endpoint of a bundle on this machine; it takes about fifty times `seconds`, and the starts.

    Args:
        bundle: its directory.
        rows: what it is asked about, in turn.
        patience: seconds within which it has to be ready.
        seconds: of each number of connections, twice.

    Raises:
        EndpointError: it does not start, or refuses what it is asked; or this is not Linux, which alone tells.
    """
    if platform.system() != "Linux":
        raise EndpointError("an endpoint is measured by what Linux tells of its processes; plan on a Linux machine")
    with tempfile.TemporaryDirectory() as home:
        tag = _packaged(bundle, home)
        with _served(tag, home, 1, patience) as served:
            started = time.perf_counter() - served.began
            with pinned(worker_processes(served.client.process)):
                single, undisturbed = _alone(served.client, rows, 4 * seconds)
                levels, idle = _measured(served.client, rows, seconds)
                arrivals = _at_random(served.client, rows, seconds, idle, fitted(levels, single), levels)
            memory, several = {1: memory_of(served.client.process)}, {1: 1.0}
        alone = fitted(levels, single)
        for workers in [count for count in _SEVERAL if count <= cores()]:
            with _served(tag, home, workers, patience) as served:
                several[workers] = _of_several(served.client, rows, workers, idle, 2 * seconds, alone)
                memory[workers] = memory_of(served.client.process)
    return Probe(
        datetime.now(UTC).isoformat(timespec="seconds"),
        processor(),
        cores(),
        levels,
        arrivals,
        [float(value) for value in single[-_KEPT:]],
        undisturbed,
        idle,
        started,
        memory,
        several,
        sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file()),
    )


class _served:  # noqa: N801 - a context, used as a function
    """The endpoint with so many workers, ready."""

    def __init__(self, tag: str, home: str, workers: int, patience: float) -> None:
        name = tag.partition(":")[0]
        variables = {"BENTOML_HOME": home, "BENTOML_CONFIG_OPTIONS": f"services.{name}.workers={workers}"}
        self._context = running_endpoint(tag, patience, variables)

    def __enter__(self) -> "_served":
        self.began = time.perf_counter()
        self.client: EndpointClient = self._context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)


def _packaged(bundle: Path, home: str) -> str:
    command = [sys.executable, "-c", _PACKAGE, str(bundle.resolve()), "planned"]
    environment = {**os.environ, "BENTOML_HOME": home}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise BundleError(f"{bundle}: cannot be packaged: {' '.join(done.stderr.split()[-30:])}")
    return done.stdout.split()[-1]


def _alone(client: EndpointClient, rows: Sequence[Mapping[str, Any]], seconds: float) -> tuple[Float64, bool]:
    """Return the latencies of one connection, and whether nobody waited for a core in them."""
    port, processes = _port(client), [os.getpid(), *worker_processes(client.process)]
    requests = [http_request(port, row) for row in rows]
    _checked(ask(port, requests, seconds / 4, 8), client)  # warm
    latencies, waits = ask_alone(port, requests, seconds, lambda: used_by(processes).waited)
    undisturbed = latencies[waits <= _NOTHING * latencies]
    return (undisturbed, True) if len(undisturbed) >= _ENOUGH else (latencies, False)


def _measured(client: EndpointClient, rows: Sequence[Mapping[str, Any]], seconds: float) -> tuple[list[Level], float]:
    """Return what each number of connections found, and what idling takes."""
    port, workers = _port(client), worker_processes(client.process)
    requests = [http_request(port, row) for row in rows]
    before = used_by(workers)
    time.sleep(_IDLE)
    idle = (used_by(workers).cpu - before.cpu) / _IDLE
    levels = []
    for turn in range(_ROUNDS):
        for connections in CONNECTIONS[:: 1 if turn % 2 == 0 else -1]:
            asking = partial(ask, port, requests, seconds, connections)
            levels.append(_window(client, workers, connections, idle, asking)[0])
    return levels, idle


def _at_random(
    client: EndpointClient,
    rows: Sequence[Mapping[str, Any]],
    seconds: float,
    idle: float,
    service: ServiceTime,
    levels: Sequence[Level],
) -> list[Arrivals]:
    """Return what came of requests at parts of the capacity, or of what was reached where others had the machine.

    A window in which the endpoint refused one, as it was overloaded, is left out.
    """
    port, workers = _port(client), worker_processes(client.process)
    requests = [http_request(port, row) for row in rows]
    capacity = min(service.capacity, max(level.requests / level.seconds for level in levels))
    found = []
    for turn in range(_WINDOWS):
        for load in _LOADS:
            rate = load * capacity
            long = max(2 * seconds, min(_LONGEST, _FEW / rate))
            asking = partial(ask, port, requests, long, _OPEN, rate, turn)
            try:
                level, latencies = _window(client, workers, _OPEN, idle, asking)
            except EndpointError:
                continue
            found.append(Arrivals(rate, level, np.quantile(latencies, PARTS).tolist()))
    return found


def _window(
    client: EndpointClient, workers: Sequence[int], connections: int, idle: float, asking: Callable[[], Asked]
) -> tuple[Level, Float64]:
    """Return what the worker did while it was asked, and the latencies."""
    turns, before = _turns(client), used_by(workers)
    asked = _checked(asking(), client)
    used = used_by(workers)
    cpu = max(1e-9, used.cpu - before.cpu - idle * asked.seconds)
    count, waited = len(asked.latencies), used.waited - before.waited
    return Level(connections, count, max(1, _turns(client) - turns), cpu, asked.seconds, waited), asked.latencies


def _of_several(
    client: EndpointClient,
    rows: Sequence[Mapping[str, Any]],
    workers: int,
    idle: float,
    seconds: float,
    alone: ServiceTime,
) -> float:
    """Return the CPU seconds of what they do, by those of one, while as many connections as for one ask each."""
    port, processes = _port(client), worker_processes(client.process)
    requests = [http_request(port, row) for row in rows]
    ask(port, requests, seconds / 2, workers * CONNECTIONS[-1])
    turns, before = _turns(client), used_by(processes)
    asked = _checked(ask(port, requests, seconds, workers * CONNECTIONS[-1]), client)
    cpu = used_by(processes).cpu - before.cpu - workers * idle * asked.seconds
    turns = max(1, _turns(client) - turns)
    return max(1e-9, cpu) / (alone.turn * turns + alone.each * len(asked.latencies))


def _checked(asked: Asked, client: EndpointClient) -> Asked:
    if not len(asked.latencies) or asked.refused:
        raise EndpointError(f"{client.url}: {asked.refused} of {len(asked.latencies)} requests were not answered 200")
    return asked


def _turns(client: EndpointClient) -> int:
    """Return how often the model has run."""
    said = client.client.get(f"{client.url}/metrics").text
    return round(sum(float(count) for count in _TURNS.findall(said)))


def _port(client: EndpointClient) -> int:
    return int(client.url.rpartition(":")[2])


def kept_probe(path: Path, days: int = 31) -> Probe | None:
    """Return what was measured before on a processor like this one, and not too long ago; None: nothing."""
    try:
        found = probe_from_json(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    age = datetime.now(UTC) - datetime.fromisoformat(found.when)
    return found if (found.processor, found.cores) == (processor(), cores()) and age.days < days else None
