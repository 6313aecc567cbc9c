"""What the plan predicts of an endpoint beside what is measured, on loads that were not used for the fit.

    python -m benchmarks.plan [--quick] [--json FILE] [--bundle DIR] [--data DIR] [--workers 1,2] [--loads 0.3,0.6,…]
                              [--rounds N] [--seconds S] [--patience S] [--heavy] [--training]

The service time is fitted as `flows.plan` does it, by closed loops of 1 to 32 connections; then requests come at random
at parts of the capacity that was fitted, and p50, p99 and the throughput of 64 connections are held against what was
predicted. Other work on the machine would be measured, too: a window in which others had more than 5 % of a core, or
the load was sent late, is measured again, until `--patience` seconds have gone by for its load; then the least
disturbed is taken, and marked `busy`. A worker waits for itself, too: its threads have one core. An endpoint whose
workers and load do not fit on the cores is marked `shared`. Errors are of undisturbed windows alone, if there are any;
but for the CPU time of an answer, which is predicted for as many turns as there were, and which others cannot lengthen
by taking the cores.

`--training` trains on parts of the data as `--learn-curve` does, and holds what the lesser parts predict of the whole
against what it took and reached: CPU time, and the error.
"""

import argparse
import math
import os
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import harness
from benchmarks.arms import packaged, serve
from benchmarks.server import free_port, served
from components import catalogue
from components.config.errors import EndpointError
from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.kinds.prepared import PreparedData, open_prepared
from components.ledger.usage import machine_cpu
from components.plan.asking import ask, http_request
from components.plan.learning_curve import learning_curve
from components.plan.power_law import fitted_law
from components.plan.predicted import Predictor, predictor
from components.plan.probe import Probe, probe
from components.plan.value import grown
from components.plan.workers import pinned, used_by, worker_processes

WORK = "CPU µs an answer"
QUIET = 0.05
"""Of a core, that others have."""
PROMISED, COVERED = 0.15, 0.9
"""The median error, and how many of what was measured lie in the interval."""
_CONNECTIONS = 64
_TURNS = re.compile(r"^journeyman_batch_size_count\S* (\S+)$", re.MULTILINE)
_LOOK, _OTHERS = 0.3, 0.2  # seconds, and the part of all cores that others may have in them
_LATE = 0.2  # of p50, that one of two arrivals may be sent late


@dataclass(frozen=True)
class Window:
    """One load, as predicted and as measured. Milliseconds, and requests a second."""

    workers: int
    load: float
    """Of the capacity; 0: as many as go, 64 connections that ask all the time."""
    what: str
    predicted: float
    low: float
    high: float
    measured: float
    waited: float
    """Part of the time for which a thread of the workers wanted the core that another one had, or somebody else."""
    state: str
    """Empty: undisturbed; `busy`; `shared`."""

    @property
    def error(self) -> float:
        """Return by how much of what was measured the prediction is off."""
        return self.predicted / self.measured - 1.0

    @property
    def covered(self) -> bool:
        """Return whether what was measured lies in the interval."""
        return self.low <= self.measured <= self.high


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    options = parsed()
    about = read_about(options.bundle)
    data = open_prepared(options.data or artifacts(about.workload, "prepared"))
    rows = catalogue.sample(data.kind).requests(data, range(min(200, data.counts["test"])), False)
    with tempfile.TemporaryDirectory() as folder:
        bundle = options.bundle
        if options.heavy:
            from benchmarks.heavy import heavy_bundle  # here: nothing else needs torch

            bundle = heavy_bundle(options.bundle, Path(folder) / "heavy", batches=True)
        found = probe(bundle, rows, 120.0, 0.15 if options.quick else 1.0)
        windows = measure(bundle, rows, predictor(found), options, folder)
        trained = trainings(about.workload, data, Path(folder)) if options.training else []
    figures = {"workload": about.workload, "heavy": options.heavy, "probe": summary(found), "trainings": trained}
    harness.finish({**figures, "windows": [asdict(window) for window in windows]}, report, options.json)


def parsed() -> argparse.Namespace:
    """Return the command line, what is left out filled in."""
    parser = harness.parser(__doc__, quick="windows of a fifth of a second, one round, no patience")
    parser.add_argument("--bundle", type=Path, default=artifacts("garments", "bundle"), help="what is served")
    parser.add_argument("--data", type=Path, help="its prepared data, if not that of the workload")
    parser.add_argument("--workers", default="1,2", help="of the endpoint, separated by commas (1,2)")
    parser.add_argument("--loads", default="0.3,0.6,0.8,0.95", help="parts of the capacity, separated by commas")
    parser.add_argument("--rounds", type=int, help="how often (3)")
    parser.add_argument("--seconds", type=float, help="of a window (4)")
    parser.add_argument("--patience", type=float, help="seconds for a load until a window is undisturbed (60)")
    parser.add_argument("--heavy", action="store_true", help="a model of 75 MB for which batching pays")
    parser.add_argument("--training", action="store_true", help="trainings, too; the section is that of params.yaml")
    options = parser.parse_args()
    options.workers = [int(count) for count in options.workers.split(",")]
    options.loads = [float(load) for load in options.loads.split(",")]
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.seconds = options.seconds or (0.2 if options.quick else 4.0)
    options.patience = options.patience if options.patience is not None else 0.0 if options.quick else 60.0
    return options


def trainings(workload: str, data: PreparedData, folder: Path) -> list[dict[str, Any]]:
    """Return what the trainings on parts of the data say of the one on all of it, and what that took and reached."""
    section = catalogue.decided(catalogue.workload(workload), data)
    metric, points = learning_curve(workload, section, data, folder / "curve")
    *lesser, whole = points
    cpu = grown(lesser, lesser[-1])
    law = fitted_law(lesser)
    found = [Window(0, 0.0, "CPU s of a training", *cpu, whole.cpu, 0.0, "")]
    if law and whole.error > 0:
        found.append(Window(0, 0.0, f"1 - {metric}", *law.error(whole.examples), whole.error, 0.0, ""))
    return [asdict(each) for each in found]


def summary(found: Probe) -> dict[str, Any]:
    """Return of the probe what is shown."""
    made = predictor(found)
    return {
        "capacity": made.capacity(1),
        "turn_us": 1e6 * made.service.turn,
        "each_us": 1e6 * made.service.each,
        "together": made.service.together,
        "waited": found.waited,
        "undisturbed": found.undisturbed,
        "requests": found.requests,
    }


def measure(bundle: Path, rows: list[Any], made: Predictor, options: argparse.Namespace, folder: str) -> list[Window]:
    """Return every load of every number of workers, as predicted and as measured."""
    home = f"{folder}/bentoml"
    tag = packaged(bundle, "planned", home)
    windows = []
    for workers in options.workers:
        port = free_port()
        requests = [http_request(port, row) for row in rows]
        variables = {"BENTOML_HOME": home, "BENTOML_CONFIG_OPTIONS": f"services.planned.workers={workers}"}
        with served(serve(tag, port), port, variables, requests[0]) as server:
            ask(port, requests, min(1.0, options.seconds), 8)  # warm
            processes = worker_processes(server.process.pid)
            with pinned(processes):
                for number in range(options.rounds):
                    for load in (*options.loads, 0.0):
                        windows += patient(port, requests, processes, made, workers, load, options, number)
                        print(f"{workers} workers, round {number + 1}, load {load:g}", file=sys.stderr)
    return windows


def patient(
    port: int,
    requests: list[bytes],
    processes: list[int],
    made: Predictor,
    workers: int,
    load: float,
    options: argparse.Namespace,
    seed: int,
) -> list[Window]:
    """Return the first undisturbed window of a load, or the least disturbed of those for which there was time."""
    until = time.monotonic() + options.patience
    best: tuple[float, list[Window]] | None = None
    while best is None or (best[0] > QUIET and time.monotonic() < until):
        calm(until)
        try:
            found = window(port, requests, processes, made, workers, load, options.seconds, seed)
        except EndpointError as error:  # others had the machine for so long that nothing was answered
            print(f"a window is lost: {error}", file=sys.stderr)
            found = (math.inf, [])
        best = found if best is None or found[0] < best[0] else best
    return best[1]


def calm(until: float) -> None:
    """Wait until others leave the machine alone, or `until` on the clock of `time.monotonic`."""
    while time.monotonic() < until:
        before = machine_cpu() or 0.0
        time.sleep(_LOOK)
        if (machine_cpu() or 0.0) - before <= _OTHERS * _LOOK * (os.cpu_count() or 1):
            return


def window(
    port: int,
    requests: list[bytes],
    processes: list[int],
    made: Predictor,
    workers: int,
    load: float,
    seconds: float,
    seed: int,
) -> tuple[float, list[Window]]:
    """Return how disturbed a window was, and what it found."""
    rate = load * made.capacity(workers) or None
    turns, before, began = turns_of(port), used_by(processes), (machine_cpu() or 0.0) - time.process_time()
    asked = ask(port, requests, seconds, _CONNECTIONS, rate, seed + 1)
    now, ended = used_by(processes), (machine_cpu() or 0.0) - time.process_time()
    cpu, waited, turns = now.cpu - before.cpu, now.waited - before.waited, turns_of(port) - turns
    share = waited / max(cpu + waited, 1e-9)
    p50, p99 = (float(np.quantile(asked.latencies, part)) for part in (0.5, 0.99))
    late = float(np.median(asked.late)) / max(p50, 1e-9) if len(asked.late) else 0.0
    others = max(0.0, ended - began - cpu) / asked.seconds
    disturbed = max(others, QUIET * late / _LATE)
    state = "shared" if workers >= (os.cpu_count() or 1) else "busy" if disturbed > QUIET else ""
    count = len(asked.latencies)
    if rate is None:
        predicted = made.interval(lambda service: service.capacity * workers, workers)
        return disturbed, [Window(workers, 0.0, "requests/s", *predicted, asked.rate, share, state)]
    each = made.interval(lambda service: 1e6 * (service.each + service.turn * turns / count), workers)
    taken = 1e6 * (cpu - made.found.idle * workers * asked.seconds) / count
    found = [Window(workers, load, WORK, *each, taken, share, state)]
    for what, part, measured in (("p50 ms", 0.5, p50), ("p99 ms", 0.99, p99)):
        predicted = made.latency(rate, workers, part)
        found.append(Window(workers, load, what, *(1e3 * each for each in predicted), 1e3 * measured, share, state))
    return disturbed, found


def turns_of(port: int) -> int:
    """Return how often the model has run, by all workers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        counts = _TURNS.findall(answer.read().decode())
    return round(sum(map(float, counts)))


def report(result: dict[str, Any]) -> None:
    """Print the table, and whether what is promised was kept."""
    windows = [Window(**told) for told in result["windows"]]
    found = result["probe"]
    print(f"{result['machine']}; {result['workload']}{', the heavy model' if result['heavy'] else ''}")
    print(
        f"fitted to {found['requests']:,} requests: {found['turn_us']:.0f} µs a turn and {found['each_us']:.0f} µs a "
        f"request, {found['together']:.1f} together, {found['capacity']:,.0f} requests/s a worker; "
        f"it waited for a core {found['waited']:.0%} of its time"
    )
    windows += [Window(**told) for told in result["trainings"]]
    print("\n| workers | load | what | predicted | interval | measured | error | waited | |")
    print("|---|---|---|---|---|---|---|---|---|")
    for each in windows:
        load = f"{each.load:.0%}" if each.load else "all"
        print(
            f"| {each.workers} | {load} | {each.what} | {each.predicted:,.2f} | {each.low:,.2f} to {each.high:,.2f} | "
            f"{each.measured:,.2f} | {each.error:+.0%} | {each.waited:.0%} | {each.state} |"
        )
    undisturbed = [each for each in windows if not each.state or each.what == WORK]
    if all(each.state for each in windows):
        print("no window was undisturbed: other work had the machine, and nothing can be said of the model")
    for what in dict.fromkeys(each.what for each in undisturbed):
        those = [each for each in undisturbed if each.what == what and math.isfinite(each.predicted)]
        if not those:
            continue
        error = statistics.median(abs(each.error) for each in those)
        covered = sum(each.covered for each in those) / len(those)
        kept = "kept" if error <= PROMISED and covered >= COVERED else "NOT KEPT"
        print(
            f"{what}: median error {error:.0%}, at most {PROMISED:.0%}; in the interval {covered:.0%}, at least "
            f"{COVERED:.0%}, of {len(those)}: {kept}; a window is {apart_by(those):.0%} off the others of its load"
        )


def apart_by(windows: list[Window]) -> float:
    """Return the median of how far a window is off the mean of the others like it: no prediction can do better."""
    found = []
    for each in windows:
        others = [
            one.measured for one in windows if one is not each and (one.workers, one.load) == (each.workers, each.load)
        ]
        found += [abs(statistics.mean(others) / each.measured - 1.0)] if others else []
    return statistics.median(found) if found else math.nan


if __name__ == "__main__":
    main()
