"""Records a second at the endpoint of the workload `fraud`, one at a time and in batches, against the same in process.

    python -m benchmarks.records [--quick] [--json FILE]

Clones the project's HEAD into a temporary folder, makes the workload there (`--quick`: with a tenth of the customers),
serves its Bento on loopback, and asks it over one connection, sizes interleaved. Every record is new to the endpoint's
memory. Beside it stands the limit: the same reader, memory and model in this process, without HTTP and JSON; and the
parts of that, the reading and the model. The control is the endpoint against itself: odd repetitions against even ones.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks import harness
from benchmarks.loop import run
from components import catalogue
from components.config.settings import artifacts, environment
from components.inference.bundle import Bundle
from components.inference.smoke.client import running_endpoint
from components.kinds.prepared import open_prepared
from components.kinds.table.sample import requests

SIZES = (1, 10, 100, 1_000)
PACKAGE = "from components.inference.package import *; print(package(Path('artifacts/fraud/bundle'), 'fraud', '1'))"
Row = dict[str, Any]


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="a tenth of the customers, two repetitions")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "journeyman", options.quick)
    harness.finish(figures, report, options.json)


def measure(project: Path, quick: bool) -> dict[str, Any]:
    """Return records a second, by way and size, one figure a repetition."""
    bento = make(project, quick)
    os.chdir(project)
    os.environ.update({**environment(project), "BENTOML_HOME": str(project / "state" / "bentoml")})
    data, bundle = open_prepared(artifacts("fraud", "prepared")), Bundle(artifacts("fraud", "bundle"))
    about = bundle.about
    codec = catalogue.codec(about.kind, about.task)
    reader = codec.Reader("fraud", about.input, about.serve, bundle.files, f"sqlite:///{project}/in-process.db")
    rows = fresh(requests(data, range(1_000), False))
    examples = data.inputs("test")[:1_000].copy()
    with running_endpoint(bento) as endpoint, httpx.Client(timeout=60) as client:
        predict = f"{endpoint.url}/predict"
        ways: dict[str, Callable[[int], object]] = {
            "endpoint": lambda size: client.post(predict, json=take(rows, size)).raise_for_status(),
            "in process": lambda size: bundle.outputs(reader.read(take(rows, size))),
            "reading alone": lambda size: reader.read(take(rows, size)),
            "model alone": lambda size: bundle.outputs(examples[:size]),
        }
        seconds = 0.5 if quick else 3.0
        speeds: dict[str, dict[int, list[float]]] = {way: {size: [] for size in SIZES} for way in ways}
        for _ in range(2 if quick else 6):
            for size in SIZES:
                for way, ask in ways.items():
                    speeds[way][size].append(speed(ask, size, seconds))
    return {"records_per_second": speeds}


def make(project: Path, quick: bool) -> str:
    """Make the workload in a fresh clone at `project`; return its Bento."""
    subprocess.run(["git", "clone", "--quiet", str(harness.ROOT), str(project)], check=True)
    subprocess.run(["git", "-C", str(project), "remote", "remove", "origin"], check=True)  # nothing is pushed
    if quick:
        path = project / "datasets" / "transactions.yaml"
        path.write_text(path.read_text().replace("customers: 5000", "customers: 500"))
    run([sys.executable, "-m", "dvc", "repro", "export@fraud"], project)
    return run([sys.executable, "-c", PACKAGE], project)[2].split()[-1]


def fresh(rows: list[Row]) -> Iterator[Row]:
    """Yield the rows over and over, each with an id of its own."""
    number = 10**9
    while True:
        for row in rows:
            number += 1
            yield {**row, "transaction_id": number}


def take(rows: Iterator[Row], size: int) -> list[Row]:
    """Return the next `size` rows."""
    return [next(rows) for _ in range(size)]


def speed(ask: Callable[[int], object], size: int, seconds: float) -> float:
    """Return how many records a second are answered in requests of `size`."""
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        ask(size)
        count += size
    return count / (time.perf_counter() - began)


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{'machine':24} {figures['machine']}")
    print(f"{'records a second':24} " + " ".join(f"{f'{size:,} a request':>16}" for size in SIZES))
    speeds = figures["records_per_second"]
    middle = {way: {size: statistics.median(found) for size, found in sizes.items()} for way, sizes in speeds.items()}
    for way, sizes in middle.items():
        print(f"{way:24} " + " ".join(f"{sizes[size]:16,.0f}" for size in SIZES))
    ratios = {
        "endpoint / in process": {size: middle["endpoint"][size] / middle["in process"][size] for size in SIZES},
        "control": {size: harness.control(found) for size, found in speeds["endpoint"].items()},
    }
    for name, values in ratios.items():
        print(f"{name:24} " + " ".join(f"{values[size]:16.2f}" for size in SIZES))


if __name__ == "__main__":
    main()
