"""What logging an answer costs: the endpoint with the prediction log beside the same without it.

    python -m benchmarks.logging_cost [--quick] [--json FILE] [--bundle DIR] [--data DIR] [--seconds S] [--rounds N]

One Bento, pictures or records, served with one worker and asked over connections that are kept, as in
`benchmarks/serving.py`. Arms take turns: `off` (JOURNEYMAN_LOG=off), `on`, `always` (on the disk before each answer),
and `again`, which is `off` once more: the control. CPU is user and system time of the server's processes by request, of
32 connections; p99 is that of one. A ratio is the median over rounds of an arm's figure by that of `off` in the same
round.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.arms import Arm, packaged, serve
from benchmarks.serving import asked
from benchmarks.wire import post
from components import catalogue
from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.inference.examples import read_examples
from components.kinds.prepared import open_prepared

MANY = 32
"""Connections of which the CPU of a request is measured."""
ARMS = {
    "off": {"JOURNEYMAN_LOG": "off"},
    "on": {"JOURNEYMAN_LOG": "required"},
    "always": {"JOURNEYMAN_LOG": "required", "JOURNEYMAN_LOG_SYNC": "always"},
    "again": {"JOURNEYMAN_LOG": "off"},
}
PROMISED = {"cpu_us": 1.05, "p99_ms": 1.10}
"""What `on` may cost, by `off`."""
_EXAMPLES = 500


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    options = parsed()
    about = read_about(options.bundle)
    rows = [kept["row"] for kept in read_examples(options.bundle)] or examples(about.workload, options.data)
    with tempfile.TemporaryDirectory() as folder:
        home = f"{folder}/bentoml"
        tag = packaged(options.bundle, about.workload, home)
        requests = [request(row) for row in rows]

        def arm(settings: dict[str, str]) -> Arm:
            return Arm(lambda port: serve(tag, port), {"BENTOML_HOME": home, **settings}, requests, [""] * len(rows))

        arms = {name: arm(settings) for name, settings in ARMS.items()}
        figures = measure(arms, options.seconds, options.rounds)
    harness.finish({"kind": about.kind, "seconds": options.seconds, "arms": figures}, report, options.json)


def examples(workload: str, prepared: Path | None) -> list[dict[str, Any]]:
    """Return examples of the test split as callers send them."""
    data = open_prepared(prepared or artifacts(workload, "prepared"))
    return catalogue.sample(data.kind).requests(data, range(min(_EXAMPLES, data.counts["test"])), False)


def parsed() -> argparse.Namespace:
    """Return the command line, what is left out filled in."""
    parser = harness.parser(__doc__, quick="two rounds of half a second")
    parser.add_argument(
        "--bundle",
        type=Path,
        default=artifacts("garments", "bundle"),
        help="of any workload; a published one brings examples",
    )
    parser.add_argument("--data", type=Path, help="its prepared examples, if not those of the workload")
    return timed(parser)


def timed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return the command line, with how long and how often is measured."""
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument("--rounds", type=int, help="how often")
    options = parser.parse_args()
    options.seconds = options.seconds or (0.5 if options.quick else 4.0)
    options.rounds = options.rounds or (2 if options.quick else 8)
    return options


def measure(arms: dict[str, Arm], seconds: float, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Return the figures of each round, by arm: of many connections, but for p99, which is that of one."""
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in arms}
    for number, name in harness.turns(arms, rounds):
        found = asked(arms[name], [1, MANY], seconds)
        figures[name].append({**found[MANY], "p99_ms": found[1]["p99_ms"], "p50_ms": found[1]["p50_ms"]})
        print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
    return figures


def report(result: dict[str, Any]) -> None:
    """Print the table."""
    arms = result["arms"]
    print(f"{result['machine']}; {result['kind']}\n")
    print("| | CPU µs a request | by off | p99 ms of one | by off | requests/s |\n|---|---|---|---|---|---|")
    for name, rows in arms.items():
        cpu, p99, rate = (statistics.median(row[figure] for row in rows) for figure in ("cpu_us", "p99_ms", "rate"))
        more, slower = (ratio(arms, name, figure) for figure in PROMISED)
        print(f"| {name} | {cpu:.0f} | {more:.3f} | {p99:.2f} | {slower:.2f} | {rate:,.0f} |")
    for figure, most in PROMISED.items():
        found = ratio(arms, "on", figure)
        print(f"{figure}, on / off: {found:.3f}, at most {most:g}: {'met' if found <= most else 'NOT MET'}")


def ratio(arms: dict[str, list[dict[str, float]]], name: str, figure: str, by: str = "off") -> float:
    """Return an arm's figure by that of another, the median over rounds."""
    return statistics.median(own[figure] / beside[figure] for own, beside in zip(arms[name], arms[by], strict=True))


def request(row: dict[str, Any]) -> bytes:
    """Return the request that asks about an example."""
    upload = next((value for value in row.values() if isinstance(value, bytes)), None)
    return post(json.dumps(row).encode(), "application/json") if upload is None else post(upload, "image/png")


if __name__ == "__main__":
    main()
