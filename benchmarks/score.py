"""Batch inference beside its limit: the same rows decoded and answered in one bare loop a core, no files, no order.

    python -m benchmarks.score [--quick] [--workload NAME ...] [--cores N] [--json FILE]

Wants the bundle and the prepared data of each workload (`make run WORKLOAD=garments`, `make run WORKLOAD=fraud`). Its
test examples, repeated, become a folder and a Parquet file of pictures, or a Parquet file of records. The limit is as
many bare loops as there are cores, at the same time, each over all rows in memory; the control is the limit against
itself. Arms are interleaved; the table has medians. Memory is the peak of the parent and of the largest process, with
these rows and with four times as many.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from benchmarks import harness
from components import catalogue
from components.config.settings import artifacts
from components.inference.bundle import Bundle, read_about
from components.kinds.prepared import PreparedData, open_prepared
from components.scoring.score import score
from components.scoring.source import open_source
from components.scoring.worker_pool import worker_pool
from components.system.processes import cores

Figures = dict[str, Any]

_FEW = 3_000  # pictures of a quick run


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="few rows, two repetitions")
    parser.add_argument("--workload", nargs="+", default=["garments", "fraud"], help="which workloads")
    parser.add_argument("--cores", type=int, default=cores(), help="processes (all cores)")
    parser.add_argument("--arm", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.arm:
        print(json.dumps(ARMS[options.arm[0]](*map(Path, options.arm[1:]), options.cores)))
        return
    figures = {name: measure(name, options.quick, options.cores) for name in options.workload}
    harness.finish(figures, report, options.json)


def measure(workload: str, quick: bool, cores: int) -> Figures:
    """Return the figures of one workload."""
    bundle, prepared = (harness.ROOT / artifacts(workload, stage) for stage in ("bundle", "prepared"))
    if not (bundle / "bundle.json").exists():
        sys.exit(f"{bundle}: no bundle; make it: make run WORKLOAD={workload}")
    data = open_prepared(prepared)
    with tempfile.TemporaryDirectory() as folder:
        sources = written(data, Path(folder), quick, 1 if quick else 6)
        larger = written(data, Path(folder, "four"), quick, 4 if quick else 24)
        runs: dict[str, list[Figures]] = {}
        for _ in range(2 if quick else 6):
            first = next(iter(sources.values()))
            for name, source in [("limit", first), ("limit again", first), *sources.items()]:
                arm = "limit" if name.startswith("limit") else "score"
                runs.setdefault(name, []).append(run(arm, bundle, source, Path(folder, "out.parquet"), cores))
        memory = {
            name: [run("score", bundle, one[name], Path(folder, "m.parquet"), cores) for one in (sources, larger)]
            for name in sources
        }
    return {
        "cores": cores,
        "rows": runs["limit"][0]["rows"],
        "arms": {name: summed(several, runs["limit"]) for name, several in runs.items()},
        "memory": {name: [{key: one[key] for key in ("rows", *PEAKS)} for one in two] for name, two in memory.items()},
    }


def summed(runs: list[Figures], limit: list[Figures]) -> Figures:
    """Return the medians of an arm, and its ratios to the limit, pair by pair."""
    median: Callable[[str], float] = lambda key: statistics.median(one[key] for one in runs)  # noqa: E731
    ratios = {key: [one[key] / other[key] for one, other in zip(runs, limit, strict=True)] for key in RATES}
    return {
        **{key: median(key) for key in (*RATES, "wall_s", *PEAKS)},
        **{f"{key}_ratio": statistics.median(each) for key, each in ratios.items()},
        "spread": [min(ratios[RATES[0]]), max(ratios[RATES[0]])],
    }


RATES = ("rows_s_core", "rows_cpu_s")
"""Rows a second and core; rows a second of processor time."""
PEAKS = ("parent_mib", "process_mib")


def run(arm: str, bundle: Path, source: Path, out: Path, cores: int) -> Figures:
    """Run an arm in a process of its own and return its figures."""
    arguments = ["--cores", str(cores), "--arm", arm, *map(str, (bundle, source, out))]
    command, variables = [*harness.command("benchmarks.score"), *arguments], {"PYTHONPATH": str(harness.ROOT)}
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        text=True,
        check=True,
        cwd=out.parent,
        env={**os.environ, **variables},
    )
    out.unlink(missing_ok=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def score_arm(bundle: Path, source: Path, out: Path, cores: int) -> Figures:
    """Score the source as a user does; what it costs to start does not count, as it does not for the limit."""
    start = _cpu()
    with worker_pool(bundle, cores):
        about = read_about(bundle)
        catalogue.scoring(about.kind).memory(about.input, bundle / "serving")
    begin, began = _cpu(), time.perf_counter()
    scored = score(bundle, "1", source, out, workers=cores)
    cpu = _cpu() - begin - (begin - start)
    return _figures(scored.rows, scored.seconds, time.perf_counter() - began, cpu, cores)


def limit_arm(bundle: Path, source: Path, out: Path, cores: int) -> Figures:
    """Run as many bare loops as there are cores, all at once."""
    command = [*harness.command("benchmarks.score"), "--arm", "loop", *map(str, (bundle, source, out))]
    began = time.perf_counter()
    loops = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(cores)]
    for loop in loops:
        assert loop.stdout is not None
        loop.stdout.readline()  # ready
    told = [loop.stdin.write("go\n") and loop.stdin.flush() for loop in loops if loop.stdin]
    assert len(told) == cores
    said = [json.loads(loop.communicate()[0]) for loop in loops]
    seconds = statistics.mean(one["seconds"] for one in said)
    cpu = statistics.mean(one["cpu_s"] for one in said)
    return _figures(said[0]["rows"], seconds / cores, time.perf_counter() - began, cpu, cores)


def loop_arm(bundle: Path, source: Path, out: Path, cores: int) -> Figures:
    """Decode and answer all rows once, which are in memory, without anything else."""
    chunks = list(rows_of(source, bundle))
    loop = bare(Bundle(bundle))
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    count = sum(loop(chunk) for chunk in chunks)
    return {"rows": count, "seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}


ARMS = {"score": score_arm, "limit": limit_arm, "loop": loop_arm}


def rows_of(source: Path, bundle: Path) -> Iterator[Any]:
    """Yield the chunks of the source; files are read into memory."""
    about = read_about(bundle)
    for chunk in open_source(source, about, None).chunks(0):
        yield [*chunk.rows(about.serve["max_bytes"])] if source.is_dir() else chunk


def bare(bundle: Bundle) -> Callable[[Any], int]:
    """Return what answers a chunk and returns how many rows it had."""
    about = bundle.about
    codec, scoring = catalogue.codec(about.kind, about.task), catalogue.scoring(about.kind)
    memory = scoring.memory(about.input, bundle.files)
    reader = codec.Reader(about.workload, about.input, about.serve, bundle.files, None)
    valid = TypeAdapter(codec.request(about.input)).validate_python

    def answer(chunk: Any) -> int:
        given = chunk if isinstance(chunk, list) else chunk.rows(about.serve["max_bytes"])
        rows = [codec.rows(valid(row))[0] for row in given]
        examples = memory.examples(scoring.observations(rows, about.input)) if memory else reader.read(rows)
        codec.decide(bundle.outputs(examples), about.decision)
        return len(rows)

    return answer


def written(data: PreparedData, folder: Path, quick: bool, times: int) -> dict[str, Path]:
    """Write the test examples (`quick`: a few pictures), `times` times, in each form that there is."""
    folder.mkdir(parents=True, exist_ok=True)
    if (data.path / "test_records.parquet").exists():
        return {"records": _written_records(data, folder, times)}
    most = _FEW if quick else data.counts["test"]
    rows = catalogue.sample(data.kind).requests(data, range(min(most, data.counts["test"])), False)
    pictures = [row["picture"] for row in rows] * times
    pq.write_table(pa.table({"picture": pictures}), folder / "pictures.parquet", row_group_size=10_000)
    for place, picture in enumerate(pictures):
        path = folder / "pictures" / f"{place // 1000:04d}" / f"{place:07d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
    return {"folder": folder / "pictures", "parquet": folder / "pictures.parquet"}


def _written_records(data: PreparedData, folder: Path, times: int) -> Path:
    """Write the records, and again behind them later, under new ids."""
    records = pq.read_table(data.path / "test_records.parquet")
    definition = data.input["definition"]
    time, id = records.column(definition["time"]), records.column(definition["id"])
    span = pc.max(time).as_py() - pc.min(time).as_py() + timedelta(seconds=1)
    ids = np.arange(records.num_rows) + pc.max(id).as_py() + 1
    with pq.ParquetWriter(folder / "records.parquet", records.schema) as writer:
        for again in range(times):
            later = pc.add(time, pa.scalar(again * span, pa.duration("ms"))).cast(time.type)
            table = records.set_column(records.schema.get_field_index(definition["time"]), definition["time"], later)
            new = pa.array(ids + again * len(ids), id.type)
            table = table.set_column(table.schema.get_field_index(definition["id"]), definition["id"], new)
            writer.write_table(table)
    return folder / "records.parquet"


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    for workload, found in figures.items():
        if workload == "machine":
            print(f"{found}\n")
            continue
        print(f"{workload}: {found['rows']:,} rows, {found['cores']} cores")
        print(f"{'arm':<12} {'rows/s/core':>12} {'of limit':>9} {'spread':>13} {'rows/CPU s':>11} {'of limit':>9}")
        for name, arm in found["arms"].items():
            low, high = arm["spread"]
            print(
                f"{name:<12} {arm['rows_s_core']:>12,.0f} {arm['rows_s_core_ratio']:>9.3f} {low:>6.3f}-{high:<6.3f}"
                f" {arm['rows_cpu_s']:>11,.0f} {arm['rows_cpu_s_ratio']:>9.3f}"
            )
        for name, peaks in found["memory"].items():
            told = "; ".join(
                f"{one['rows']:,} rows: {one['parent_mib']:.0f} + {one['process_mib']:.0f}" for one in peaks
            )
            print(f"peak MiB, parent + largest process, {name}: {told}")


def _figures(rows: int, seconds: float, wall: float, cpu: float, cores: int) -> Figures:
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "rows": rows,
        "rows_s_core": rows / seconds / cores,
        "rows_cpu_s": rows / cpu,
        "wall_s": wall,
        **dict(zip(PEAKS, peaks, strict=True)),
    }


def _cpu() -> float:
    """Return the processor seconds of this process and those it waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main()
