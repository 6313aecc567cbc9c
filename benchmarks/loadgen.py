"""The live endpoint, measured with MLPerf's LoadGen (`mlcommons-loadgen`). What it prints is no MLPerf result.

    python -m benchmarks.loadgen WORKLOAD [--quick] [--json FILE] [--logs DIR] [--bound-ms MS] [--seconds S]
                                 [--workers N]

Serves the workload's bundle in a Bento on loopback and asks it, over connections that are kept, about examples of the
test split in LoadGen's four scenarios:

    SingleStream   one after the other
    MultiStream    eight at once, the next eight when all are answered
    Server         arrivals at random times; the highest rate at which 99 % are answered within the bound is searched
    Offline        all at once

and in accuracy mode about the whole test split once, whose metric is held against the one that `evaluate` has written.
Pictures are one a request; records come in lists in MultiStream, Offline and accuracy mode, as the endpoint takes them.
Every query is completed, also one that is refused or breaks: those are counted, and no rate with any of them is
taken. LoadGen's own logs stay in a folder a run, by default under state/loadgen/WORKLOAD.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mlperf_loadgen as lg
import numpy as np

from benchmarks import harness
from benchmarks.arms import packaged, serve
from benchmarks.live import Live
from benchmarks.server import free_port, served
from components import catalogue
from components.config.settings import STATE, artifacts
from components.inference.bundle import read_about
from components.kinds.prepared import PreparedData, open_prepared
from components.system.files import read_json

SCENARIOS = {"SingleStream": 1, "MultiStream": 8, "Offline": 500}
"""Records that one request may hold, by scenario."""
PART = 0.05
"""The search ends when the highest rate is known to within this part of it."""
RUNS = 16
"""At most, of the search."""
MEMORY = 1_000
"""Examples that a run draws from."""
QUERIES = {90: 100, 99: 700}
"""At least, of a run, by percentile: LoadGen calls one of fewer than 64, or 662, invalid."""
LEAST = 100_000
"""Nanoseconds, less than any query takes: LoadGen makes as many beforehand as would fill the duration then."""
PERCENTILES = {"p50_ms": "50.00", "p90_ms": "90.00", "p99_ms": "99.00"}
SAME = 1e-4
"""Of the metric: probabilities cross as JSON, and ties in a ranking may fall otherwise."""


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="runs of a second, and p90 for p99")
    parser.add_argument("workload", nargs="?", default="garments")
    parser.add_argument("--logs", type=Path, help="where LoadGen's logs stay")
    parser.add_argument("--bound-ms", type=float, default=20.0, help="of the workload: what p99 has to stay within")
    parser.add_argument("--seconds", type=float, help="of each run, at least")
    parser.add_argument("--workers", type=int, default=1, help="of the endpoint")
    options = parser.parse_args()
    options.seconds = options.seconds or (1.0 if options.quick else 20.0)
    options.percentile = 90 if options.quick else 99
    options.logs = options.logs or STATE / "loadgen" / options.workload
    figures = {"workload": options.workload, "workers": options.workers, **measure(options)}
    harness.finish(figures, report, options.json)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of every scenario, and the accuracy."""
    bundle, data = artifacts(options.workload, "bundle"), open_prepared(artifacts(options.workload, "prepared"))
    rows = catalogue.sample(data.kind).requests(data, range(data.counts["test"]), False)
    name = options.workload.replace("-", "_")
    with tempfile.TemporaryDirectory() as home:
        tag, port = packaged(bundle, name, home), free_port()
        variables = {"BENTOML_HOME": home, "BENTOML_CONFIG_OPTIONS": f"services.{name}.workers={options.workers}"}
        live = Live(port, rows, read_about(bundle).classes)
        with served(serve(tag, port), port, variables, live.request([0])), live.running():
            began = time.perf_counter()
            accuracy = run(live, options, settings("Offline", options, accuracy=True))
            expected = len(rows) / (time.perf_counter() - began)
            found = {name: run(live, options, settings(name, options, 2 * expected)) for name in SCENARIOS}
            found["Server"] = highest(live, options, 1e3 / found["SingleStream"]["p50_ms"])
    metrics = compared(options.workload, data, Path(accuracy["logs"]))
    metrics["errors"] = accuracy["errors"]
    return {"bound_ms": options.bound_ms, "percentile": options.percentile, "scenarios": found, "accuracy": metrics}


def settings(scenario: str, options: argparse.Namespace, rate: float = 1.0, accuracy: bool = False) -> lg.TestSettings:
    """Return what LoadGen is told of a run; `rate`: Server's, or what Offline may be expected to reach."""
    made = lg.TestSettings()
    made.scenario = getattr(lg.TestScenario, scenario)
    made.mode = lg.TestMode.AccuracyOnly if accuracy else lg.TestMode.PerformanceOnly
    made.min_duration_ms = int(1e3 * options.seconds)
    made.min_query_count = 1 if scenario == "Offline" else QUERIES[options.percentile]
    made.single_stream_target_latency_percentile = options.percentile / 100
    made.multi_stream_target_latency_percentile = made.server_target_latency_percentile = options.percentile / 100
    made.single_stream_expected_latency_ns = made.multi_stream_expected_latency_ns = LEAST
    made.multi_stream_samples_per_query = SCENARIOS["MultiStream"]
    made.server_target_qps = made.offline_expected_qps = rate
    made.server_target_latency_ns = int(1e6 * options.bound_ms)
    return made


def run(live: Live, options: argparse.Namespace, told: lg.TestSettings) -> dict[str, Any]:
    """Have LoadGen run once; return what its log says, and the errors."""
    scenario, accuracy = told.scenario.name, told.mode == lg.TestMode.AccuracyOnly
    name = f"Server-{told.server_target_qps:.0f}" if scenario == "Server" else scenario
    folder: Path = options.logs / ("accuracy" if accuracy else name)
    folder.mkdir(parents=True, exist_ok=True)
    live.begin(SCENARIOS.get(scenario, 1), accuracy)
    count = len(live.bodies) if accuracy else min(MEMORY, len(live.bodies))
    sut = lg.ConstructSUT(live.issue, lambda: None)
    library = lg.ConstructQSL(len(live.bodies), count, lambda samples: None, lambda samples: None)
    try:
        lg.StartTestWithLogSettings(sut, library, told, logs(folder), "")
    finally:
        lg.DestroyQSL(library)
        lg.DestroySUT(sut)
    print(f"{folder}: {live.errors} errors", file=sys.stderr)
    return {"logs": str(folder), "errors": live.errors, **({} if accuracy else summary(folder, scenario))}


def highest(live: Live, options: argparse.Namespace, rate: float) -> dict[str, Any]:
    """Return the run with the highest rate of arrivals that LoadGen calls valid and that has no error.

    Doubles the rate until one is too high, then halves what lies between. A sixteenth of the first rate is the least.
    """
    part = 0.25 if options.quick else PART
    best, low, high, least = None, 0.0, math.inf, rate / 16
    for _ in range(RUNS):
        tried = run(live, options, settings("Server", options, rate))
        if tried["valid"] and not tried["errors"]:
            best, low = tried, rate
        else:
            high = rate
        if high <= least or (high < math.inf and high - low <= part * high):
            break
        rate = 2 * rate if high == math.inf else (low + high) / 2
    return best or {**tried, "valid": False}


def logs(folder: Path) -> lg.LogSettings:
    """Return where LoadGen writes."""
    output, made = lg.LogOutputSettings(), lg.LogSettings()
    output.outdir, output.copy_summary_to_stdout = str(folder), False
    made.log_output, made.enable_trace = output, False
    return made


def summary(folder: Path, scenario: str) -> dict[str, Any]:
    """Return the figures of one run from LoadGen's detailed log: latencies are a query's, of eight in MultiStream."""
    lines = (folder / "mlperf_log_detail.txt").read_text().splitlines()
    entries = [json.loads(line.removeprefix(":::MLLOG ")) for line in lines if line.startswith(":::MLLOG ")]
    said = {entry["key"]: entry["value"] for entry in entries}
    several = SCENARIOS["MultiStream"]
    speeds = {
        "SingleStream": lambda: said["result_qps_with_loadgen_overhead"],
        "MultiStream": lambda: several * 1e9 / said["result_mean_query_latency_ns"],
        "Server": lambda: said["result_completed_samples_per_sec"],
        "Offline": lambda: said["result_samples_per_second"],
    }
    which = "percentile_per_query" if scenario == "MultiStream" else "percentile"
    times = {name: said[f"result_{part}_{which}_latency_ns"] / 1e6 for name, part in PERCENTILES.items()}
    return {"valid": said["result_validity"] == "VALID", "samples_s": speeds[scenario](), **times}


def compared(workload: str, data: PreparedData, folder: Path) -> dict[str, Any]:
    """Return the metric of what the endpoint answered, and the one that `evaluate` wrote."""
    classes = len(data.classes)
    probabilities = np.full((data.counts["test"], classes), np.nan, np.float32)
    for entry in json.loads((folder / "mlperf_log_accuracy.json").read_text()):
        if entry["data"]:
            probabilities[entry["qsl_idx"]] = np.frombuffer(bytes.fromhex(entry["data"]), np.float32)
    missing = int(np.isnan(probabilities).any(axis=1).sum())
    if missing:
        sys.exit(f"{folder}: {missing:,} of {len(probabilities):,} examples have no answer")
    evaluation, config = catalogue.evaluation(data.kind, data.task), catalogue.workload(workload).train
    metric, decision = evaluation.metric(data, config), read_about(artifacts(workload, "bundle")).decision
    found = evaluation.measure(data, probabilities, decision, config)[metric]
    written = read_json(artifacts(workload, "report") / "metrics.json")[metric]
    return {"metric": metric, "endpoint": found, "evaluate": written, "examples": len(probabilities)}


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{'machine':16} {figures['machine']}")
    print(f"measured with LoadGen: {figures['workload']}, {figures['workers']} worker(s)")
    print(f"{'scenario':16} {'samples/s':>10} {'p50 ms':>9} {'p90 ms':>9} {'p99 ms':>9} {'errors':>7}  LoadGen says")
    for name, found in figures["scenarios"].items():
        times = " ".join(f"{found[each]:>9,.2f}" if name != "Offline" else f"{'':>9}" for each in PERCENTILES)
        said = "VALID" if found["valid"] else "INVALID"
        print(f"{name:16} {found['samples_s']:>10,.0f} {times} {found['errors']:>7,}  {said}")
    print(f"Server: the highest rate whose p{figures['percentile']} stays within {figures['bound_ms']:g} ms")
    accuracy = figures["accuracy"]
    metric, own, other = (accuracy[name] for name in ("metric", "endpoint", "evaluate"))
    same = "the same" if abs(own - other) <= SAME else "NOT THE SAME"
    print(f"{metric} of {accuracy['examples']:,} examples {own:.4f}, evaluate's {other:.4f}: {same}")


if __name__ == "__main__":
    main()
