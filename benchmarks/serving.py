"""Requests a second of the endpoint and of its peers, in one run: as much of the hardware's limit as each has.

    python -m benchmarks.serving [--quick] [--json FILE] [--bundle DIR] [--data DIR] [--only NAMES]
                                 [--connections NUMBERS] [--seconds S] [--rounds N]

All serve the same bundle on loopback and are asked about the same pictures of the test split over connections that are
kept (`benchmarks/load.py`, a process of its own, on the same processor: a server never has the machine to itself).
Each round starts every server afresh and asks it with each number of connections; the next round goes the other way
round. Medians over rounds. CPU is user and system time of the server's processes by request. An error is a request
without the right answer. The names end in the number of workers:

    in-process      the limit: decoding, model and JSON in one thread of one process, no HTTP
    bare-N          Starlette and uvicorn with uvloop and httptools, no limits, no policies (`peers/bare.py`)
    ours-N, int8-N  the project's Bento at its defaults; its int8 bundle, where there is one
    typed           BentoML with a typed API that takes a picture; batchable: its adaptive batching
    litserve-N      LitServe, JSON with base64; mlflow: `mlflow models serve` with the project's MLflow model
    heavy, heavy-alone    the endpoint with a model for which batching pays (`heavy.py`), and the same one
                          exported so that it takes one example a run

The control is one arm against itself: odd rounds against even ones.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.arms import Arm, Arms
from benchmarks.load import Job, load
from benchmarks.peers.answer import Answerer
from benchmarks.server import Server, free_port, served
from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.kinds.prepared import open_prepared

CONNECTIONS = (1, 8, 32, 64)
LIMIT = "in-process"
FIGURES = ("rate", "p50_ms", "p99_ms", "cpu_us", "errors")
Figures = dict[str, dict[str, list[dict[str, float]]]]
"""Arm -> connections -> round -> the figures."""

TARGETS = (
    ("ours-1 / bare-1, requests/s", "ours-1", "bare-1", 32, "rate", ">=", 0.85),
    ("ours-2 / bare-2, requests/s", "ours-2", "bare-2", 32, "rate", ">=", 0.85),
    ("ours-1 / bare-1, p99", "ours-1", "bare-1", 32, "p99_ms", "<=", 1.25),
    ("ours-2 / bare-2, p99", "ours-2", "bare-2", 32, "p99_ms", "<=", 1.25),
    ("ours-1 / typed, requests/s", "ours-1", "typed", 32, "rate", ">=", 5.0),
    ("ours-2 / typed, requests/s", "ours-2", "typed", 32, "rate", ">=", 5.0),
    ("ours-1 / mlflow, requests/s", "ours-1", "mlflow", 32, "rate", ">=", 5.0),
    ("ours-2 / mlflow, requests/s", "ours-2", "mlflow", 32, "rate", ">=", 5.0),
    ("ours-1 / litserve-1, requests/s", "ours-1", "litserve-1", 32, "rate", ">=", 3.0),
    ("ours-2 / litserve-2, requests/s", "ours-2", "litserve-2", 32, "rate", ">=", 3.0),
    ("ours-1, p50 of one connection, ms", "ours-1", None, 1, "p50_ms", "<=", 0.6),
    ("heavy / heavy-alone, requests/s", "heavy", "heavy-alone", 32, "rate", ">=", 1.0),
    ("heavy - heavy-alone, p50 of one, ms", "heavy", "-heavy-alone", 1, "p50_ms", "<=", 2.0),
)
"""What is said, of which arm, beside which (`-`: less it, else by it), connections, figure, and the target."""


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    options = parsed()
    data = open_prepared(options.data or artifacts(read_about(options.bundle).workload, "prepared"))
    with tempfile.TemporaryDirectory() as folder:
        arms = Arms(options.bundle, data, Path(folder))
        figures = measure(arms, chosen(options.only, [LIMIT, *arms.makers]), options)
    harness.finish({"seconds": options.seconds, "arms": figures}, report, options.json)


def parsed() -> argparse.Namespace:
    """Return the command line, what is left out filled in."""
    parser = harness.parser(__doc__, quick="two rounds of half a second")
    parser.add_argument(
        "--bundle", type=Path, default=artifacts("garments", "bundle"), help="of a workload of pictures"
    )
    parser.add_argument("--data", type=Path, help="its prepared pictures, if not those of the workload")
    parser.add_argument("--only", help="arms, separated by commas")
    parser.add_argument("--connections", default=",".join(map(str, CONNECTIONS)), help="separated by commas")
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument("--rounds", type=int, help="how often")
    options = parser.parse_args()
    options.connections = [int(number) for number in options.connections.split(",")]
    options.seconds = options.seconds or (0.5 if options.quick else 4.0)
    options.rounds = options.rounds or (2 if options.quick else 6)
    return options


def chosen(only: str | None, names: list[str]) -> list[str]:
    """Return the names that the user wants."""
    wanted = only.split(",") if only else names
    if unknown := sorted(set(wanted) - set(names)):
        sys.exit(f"{', '.join(unknown)}: no such arm; there are {', '.join(names)}")
    return wanted


def measure(arms: Arms, names: list[str], options: argparse.Namespace) -> Figures:
    """Return the figures of every arm, in turns."""
    made = {name: arms.makers[name]() for name in names if name != LIMIT}
    alone = Answerer(arms.bundle) if LIMIT in names else None
    figures: Figures = {name: {} for name in names}
    for number, name in harness.turns(names, options.rounds):
        if alone and name == LIMIT:
            found = {1: limit(alone, arms.pictures, options.seconds)}
        else:
            found = asked(made[name], options.connections, options.seconds)
        for connections, row in found.items():
            figures[name].setdefault(str(connections), []).append(row)
        print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
    return figures


def asked(arm: Arm, connections: list[int], seconds: float) -> dict[int, dict[str, float]]:
    """Return the figures of a server that is started for this, by connections."""
    port = free_port()
    with served(arm.command(port), port, arm.variables, arm.requests[0]) as server:
        one_load(server, arm, max(connections), min(1.0, seconds))  # warm
        return {number: one_load(server, arm, number, seconds) for number in connections}


def one_load(server: Server, arm: Arm, connections: int, seconds: float) -> dict[str, float]:
    """Return the figures of one measurement."""
    requests = [request.decode("latin-1") for request in arm.requests]
    before = server.cpu()
    result = load(Job(server.port, requests, arm.labels, seconds, connections))
    cpu = 1e6 * (server.cpu() - before) / max(1, result.answered)
    return dict(zip(FIGURES, (result.rate, result.p50_ms, result.p99_ms, cpu, result.errors), strict=True))


def limit(answerer: Answerer, pictures: list[bytes], seconds: float) -> dict[str, float]:
    """Return the figures of this process answering without being asked over HTTP."""
    latencies: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()
    while (now := time.perf_counter()) - began < seconds:
        json.dumps(answerer.answer(pictures[len(latencies) % len(pictures)]))
        latencies.append(time.perf_counter() - now)
    wall, cpu, count = time.perf_counter() - began, time.process_time() - cpu, len(latencies)
    p50, p99 = (1e3 * sorted(latencies)[int(part * count)] for part in (0.5, 0.99))
    return dict(zip(FIGURES, (count / wall, p50, p99, 1e6 * cpu / count, 0), strict=True))


def report(result: dict[str, Any]) -> None:
    """Print the tables."""
    arms: Figures = result["arms"]
    print(f"{'machine':38} {result['machine']}")
    print(f"{'connections, server':38} {'requests/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'CPU us':>8} {'errors':>7}")
    for number in sorted({int(number) for rows in arms.values() for number in rows}):
        for name in (name for name, rows in arms.items() if str(number) in rows):
            rate, p50, p99, cpu, _ = (middle(arms, name, number, figure) for figure in FIGURES)
            errors = sum(row["errors"] for row in arms[name][str(number)])
            print(f"{f'{number:>2}  {name}':38} {rate:>10,.0f} {p50:>8.2f} {p99:>8.2f} {cpu:>8.0f} {errors:>7,.0f}")
    for said, name, beside, number, figure, sign, target in TARGETS:
        if (found := ratio(arms, name, beside, number, figure)) is not None:
            met = found >= target if sign == ">=" else found <= target
            print(f"{said:38} {found:>10.2f}   {sign} {target:g}: {'met' if met else 'NOT MET'}")
    for name, rows in arms.items():
        many = "32" if "32" in rows else next(iter(rows))
        rates = [row["rate"] for row in rows[many]]
        if len(rates) > 1:
            control = harness.control(rates)
            print(f"{f'control: {name} / {name}, {many} connections':38} {control:>10.2f}")


def ratio(arms: Figures, name: str, beside: str | None, number: int, figure: str) -> float | None:
    """Return one arm's figure beside another's; None: it was not measured."""
    own = middle(arms, name, number, figure)
    if beside is None or own is None:
        return own
    other = middle(arms, beside.removeprefix("-"), number, figure)
    if other is None:
        return None
    return own - other if beside.startswith("-") else own / other


def middle(arms: Figures, name: str, number: int, figure: str) -> float | None:
    """Return the median over rounds; None: it was not measured."""
    rows = arms.get(name, {}).get(str(number))
    return statistics.median(row[figure] for row in rows) if rows else None


if __name__ == "__main__":
    main()
