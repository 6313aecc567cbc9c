"""What counting a request costs: the endpoint's own cells beside prometheus_client in multi-process mode.

    python -m benchmarks.counting [--quick] [--json FILE] [--bundle DIR] [--data DIR]

Both count the same answered request, in turns, in one process: CPU time of its thread, the median and the least of
many rounds, prometheus_client with every child looked up once. The difference stands beside the CPU of a whole request
at the endpoint (one worker, 32 connections, `benchmarks/serving.py`). The control is the cells against themselves: odd
rounds against even ones.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks import harness
from benchmarks.arms import Arms
from benchmarks.serving import asked
from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.inference.gateway.cells import Cells
from components.inference.gateway.exposition import FAMILIES
from components.inference.gateway.metrics import Metrics
from components.kinds.prepared import open_prepared

REQUESTS = 1_000
"""Requests that are counted in one round."""
CONNECTIONS = 32
CALL: Any = SimpleNamespace(
    path="/predict",
    status=200,
    seconds=0.003,
    outcome="answered",
    answers=[SimpleNamespace(label="Bag")],
    version="1",
    received=426,
    uploads=(),
    parts=(),
)


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="twenty rounds, one short load")
    parser.add_argument(
        "--bundle", type=Path, default=artifacts("garments", "bundle"), help="of a workload of pictures"
    )
    parser.add_argument("--data", type=Path, help="its prepared pictures, if not those of the workload")
    options = parser.parse_args()
    data = open_prepared(options.data or artifacts(read_about(options.bundle).workload, "prepared"))
    with tempfile.TemporaryDirectory() as folder:
        figures = counted(Path(folder), 20 if options.quick else 400)
        arm = Arms(options.bundle, data, Path(folder)).makers["ours-1"]()
        loads = [asked(arm, [CONNECTIONS], 0.5 if options.quick else 4.0) for _ in range(1 if options.quick else 6)]
    whole = [load[CONNECTIONS]["cpu_us"] for load in loads]
    harness.finish({"counting_us": figures, "request_us": whole}, report, options.json)


def counted(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Return microseconds a request, by what counts, of each round."""
    ways = {"ours": ours(), "prometheus_client": by_prometheus(folder)}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number, name in harness.turns(ways, rounds + 1):
        began = time.thread_time()
        for _ in range(REQUESTS):
            ways[name]()
        if number:  # the first one warms up
            taken[name].append(1e6 * (time.thread_time() - began) / REQUESTS)
    return taken


def ours() -> Callable[[], None]:
    """Return what counts one request in the endpoint's cells."""
    metrics = Metrics(Cells.private())

    def count() -> None:
        metrics.guard(CALL)
        metrics.ran(1)
        metrics.observe(CALL)

    return count


def by_prometheus(folder: Path) -> Callable[[], None]:
    """Return what counts the same in files that prometheus_client shares between processes, in `folder`."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    import prometheus_client  # here: it reads the variable when it is imported

    registry = prometheus_client.CollectorRegistry()
    bounds = {family.name: family.bounds for family in FAMILIES}

    def histogram(name: str, labels: tuple[str, ...] = ()) -> prometheus_client.Histogram:
        return prometheus_client.Histogram(name, name, labels, buckets=bounds[name], registry=registry)

    def counter(name: str, *labels: str) -> prometheus_client.Counter:
        return prometheus_client.Counter(name, name, labels, registry=registry)

    in_hand = prometheus_client.Gauge("in_hand", "in hand", multiprocess_mode="livesum", registry=registry)
    requests = counter("journeyman_requests", "path", "status").labels(CALL.path, str(CALL.status))
    seconds = histogram("journeyman_request_seconds", ("path",)).labels(CALL.path)
    received, rows, batch = map(histogram, ("journeyman_body_bytes", "journeyman_rows", "journeyman_batch_size"))
    predictions = counter("journeyman_predictions", "version", "label").labels(CALL.version, CALL.answers[0].label)

    def count() -> None:
        in_hand.inc()
        batch.observe(1)
        in_hand.dec()
        requests.inc()
        seconds.observe(CALL.seconds)
        received.observe(CALL.received)
        rows.observe(len(CALL.answers))
        predictions.inc()

    return count


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    counting, whole = figures["counting_us"], figures["request_us"]
    print(f"{figures['machine']}\n\n| | CPU µs a request, median | least |\n|---|---|---|")
    for name, taken in [*counting.items(), ("a whole request at the endpoint", whole)]:
        print(f"| {name} | {statistics.median(taken):.1f} | {min(taken):.1f} |")
    for say, of in (("medians", statistics.median), ("the least", min)):
        more = of(counting["prometheus_client"]) - of(counting["ours"])
        print(f"| with prometheus_client / with ours, of {say} | {1 + more / of(whole):.3f} | |")
    print(f"| control: ours / ours | {harness.control(counting['ours']):.3f} | |")


if __name__ == "__main__":
    main()
