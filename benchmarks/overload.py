"""What an endpoint does that is asked for more than it can: open-loop load at multiples of its capacity.

    python -m benchmarks.overload [--quick] [--json FILE] [--bundle DIR] [--data DIR] [--seconds S] [--rounds N]

Each server is started, its capacity found with connections that ask all the time, and then asked by arrivals at random
times at 0.5, 1, 2 and 5 times that rate, whatever it answers. The endpoint stands at its defaults with one worker; the
control is bare Starlette with one worker, which takes everything in. Servers take turns; the sums are over rounds.

    good        requests arriving in a second that were answered 200 within the bound, a second from their arrival
    admitted    p50 and p99 of the answers 200, from the arrival
    429, 504    refused at once; given up at the deadline
    lost        requests that got no answer at all: no connection, or a broken one, or none at the end
    late        by how much the load generator itself was late, p99

The generator has 512 connections at most; whoever arrives beyond that waits for one, and its time counts.
"""

import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.arms import Arm, Arms
from benchmarks.load import Job, Result, load
from benchmarks.server import free_port, served
from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.kinds.prepared import open_prepared

MULTIPLES = (0.5, 1.0, 2.0, 5.0)
ARMS = ("ours-1", "bare-1")
BOUND = 1.0
"""Seconds within which an answer is a good one."""
CONNECTIONS = 512
KEPT = 0.9
"""Part of the best goodput that the endpoint has to keep at every load from its capacity on."""


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="one round of a second")
    parser.add_argument("--bundle", type=Path, default=artifacts("garments", "bundle"), help="a bundle of pictures")
    parser.add_argument("--data", type=Path, help="its prepared pictures, if not those of the workload")
    parser.add_argument("--seconds", type=float, help="of each load")
    parser.add_argument("--rounds", type=int, help="how often")
    options = parser.parse_args()
    seconds, rounds = options.seconds or (1.0 if options.quick else 10.0), options.rounds or (1 if options.quick else 4)
    data = open_prepared(options.data or artifacts(read_about(options.bundle).workload, "prepared"))
    with tempfile.TemporaryDirectory() as folder:
        arms = Arms(options.bundle, data, Path(folder))
        found = measure({name: arms.makers[name]() for name in ARMS}, seconds, rounds)
    figures = {"seconds": seconds, "bound": BOUND, "arms": found}
    harness.finish(figures, report, options.json)


def measure(arms: dict[str, Arm], seconds: float, rounds: int) -> dict[str, Any]:
    """Return, by arm, what came back at each load, one entry a round."""
    found: dict[str, Any] = {name: {"capacity": [], "loads": {str(each): [] for each in MULTIPLES}} for name in arms}
    for number, name in harness.turns(arms, rounds):
        capacity, results = overloaded(arms[name], seconds)
        found[name]["capacity"].append(capacity)
        for multiple, result in results.items():
            found[name]["loads"][str(multiple)].append(asdict(result))
        print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
    return found


def overloaded(arm: Arm, seconds: float) -> tuple[float, dict[float, Result]]:
    """Return a server's capacity, requests a second, and what comes back at each multiple of it."""
    port, requests = free_port(), [request.decode("latin-1") for request in arm.requests]
    with served(arm.command(port), port, arm.variables, arm.requests[0]):
        load(Job(port, requests, arm.labels, min(1.0, seconds), 32))  # warm
        capacity = load(Job(port, requests, arm.labels, seconds, 32)).rate
        jobs = {
            each: Job(port, requests, arm.labels, seconds, CONNECTIONS, each * capacity, BOUND) for each in MULTIPLES
        }
        return capacity, {multiple: load(job) for multiple, job in jobs.items()}


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{'machine':20} {figures['machine']}")
    columns = ("asked/s", "good/s", "p50 ms", "p99 ms", "429", "504", "other", "lost", "wrong", "late ms")
    print(f"{'server, load':20} " + " ".join(f"{column:>9}" for column in columns))
    for name, arm in figures["arms"].items():
        print(f"{name:20} capacity {statistics.median(arm['capacity']):,.0f} requests/s")
        for multiple, results in arm["loads"].items():
            cells = row(results, figures["seconds"])
            print(f"{f'  {float(multiple):g} times':20} " + " ".join(f"{cell:>9,.{digits}f}" for cell, digits in cells))
        print(f"  {verdict(arm['loads'], figures['seconds'])}")


def row(results: list[dict[str, Any]], seconds: float) -> list[tuple[float, int]]:
    """Return the cells of one load, each with its digits: medians of rates and times, sums of counts."""
    statuses = [result["statuses"] for result in results]
    refused = [sum(each.get(status, 0) for each in statuses) for status in ("429", "504")]
    others = sum(sum(each.values()) for each in statuses) - sum(each.get("200", 0) for each in statuses) - sum(refused)
    times = [(statistics.median(result[name] for result in results), 1) for name in ("p50_ms", "p99_ms")]
    asked = statistics.median(result["asked"] / seconds for result in results)
    counts = [*refused, others, *(sum(result[name] for result in results) for name in ("lost", "wrong"))]
    late = statistics.median(result["late_ms"] for result in results)
    return [(asked, 0), (goodput(results, seconds), 0), *times, *((count, 0) for count in counts), (late, 1)]


def goodput(results: list[dict[str, Any]], seconds: float) -> float:
    """Return the median of good answers to what arrived in a second."""
    return statistics.median(result["good"] / seconds for result in results)


def verdict(loads: dict[str, list[dict[str, Any]]], seconds: float) -> str:
    """Say whether goodput is kept from the capacity on, and whether anything was lost."""
    full = {float(multiple): goodput(results, seconds) for multiple, results in loads.items() if float(multiple) >= 1}
    part = min(full.values()) / max(full.values())
    lost = sum(result["lost"] for results in loads.values() for result in results)
    kept = "kept" if part >= KEPT else "NOT KEPT"
    return f"least goodput from 1 times on {part:.2f} of the best (>= {KEPT:g}: {kept}); requests lost: {lost:,}"


if __name__ == "__main__":
    main()
