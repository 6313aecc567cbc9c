"""How many transactions the simulator makes a second, and in how much memory, at 1, 10 and 100 times the default size.

    python -m benchmarks.simulator [--quick] [--json FILE]

Each size runs in a process of its own, which streams all days to one Parquet file (zstd) in a temporary folder, as
`ingest` does; 100 times the default writes 2 GB there. The limit is what the writing alone does: the first days
again, from memory, to a second file. The control is the default size against itself: odd repetitions against even
ones. `--quick` does a tenth and once the default, and repeats less.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import harness
from components.kinds.table.source import simulator

HELD = 2_000_000  # rows that the limit writes again


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="a tenth and once the default size")
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(one(options.one)))
        return
    figures = measure([0.1, 1] if options.quick else [1, 10, 100], 2 if options.quick else 6)
    harness.finish(figures, report, options.json)


def measure(sizes: list[float], repetitions: int) -> dict[str, object]:
    """Return the figures of each size and those of the control."""
    control = [apart(1) for _ in range(repetitions)]
    return {
        "sizes": [statistics_of(control) if size == 1 else apart(size) for size in sizes],
        "control_rows_per_s": [run["rows_per_s"] for run in control],
    }


def apart(factor: float) -> dict[str, float]:
    """Return the figures of one size, measured in a process of its own."""
    command = [*harness.command("benchmarks.simulator"), "--one", str(factor)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def one(factor: float) -> dict[str, float]:
    """Simulate and write `factor` times the default size; then write the first days again without simulating."""
    simulation = simulator.scaled(simulator.Simulation(), factor)
    started = peak()
    fraud = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal fraud
        for batch in simulator.transactions(simulation):
            fraud += pc.sum(batch["fraud"]).as_py() or 0
            yield batch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.parquet"
        rows, seconds = write(path, counted())
        peaked, size = peak(), path.stat().st_size
        path.unlink()
        held = list(first(simulator.transactions(simulation)))
        again, alone = write(path, held)
    return {
        "factor": factor,
        "rows": rows,
        "fraud_percent": 100 * fraud / rows,
        "seconds": seconds,
        "rows_per_s": rows / seconds,
        "started_mib": started,
        "peak_mib": peaked,
        "file_mb": size / 1e6,
        "limit_rows_per_s": again / alone,
    }


def write(path: Path, batches: Iterable[pa.RecordBatch]) -> tuple[int, float]:
    """Write the batches to `path`; return the rows and the seconds."""
    began, rows = time.perf_counter(), 0
    with pq.ParquetWriter(path, simulator.SCHEMA, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows, time.perf_counter() - began


def first(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches until there are enough rows."""
    rows = 0
    for batch in batches:
        yield batch
        rows += batch.num_rows
        if rows >= HELD:
            return


def peak() -> float:
    """Return the most memory that this process has had so far, in MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def statistics_of(runs: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def report(figures: dict[str, object]) -> None:
    """Print the table."""
    sizes, control = figures["sizes"], figures["control_rows_per_s"]
    assert isinstance(sizes, list)
    assert isinstance(control, list)
    print(f"machine: {figures['machine']}\n")
    print("  size         rows   fraud  seconds     rows/s      peak      file    writing alone")
    for size in sizes:
        print(
            f"{size['factor']:>5g}x {size['rows']:>12,.0f} {size['fraud_percent']:>6.2f}% {size['seconds']:>8.1f} "
            f"{size['rows_per_s']:>10,.0f} {size['peak_mib']:>5.0f} MiB {size['file_mb']:>6,.0f} MB "
            f"{size['limit_rows_per_s']:>10,.0f} rows/s"
        )
    ratio = harness.control(control)
    print(f"\nbefore the first row: {sizes[0]['started_mib']:.0f} MiB, Python and the libraries alone")
    print(
        f"control, 1x against 1x: {ratio:.2f} ({len(control)} runs, {min(control):,.0f} to {max(control):,.0f} rows/s)"
    )


if __name__ == "__main__":
    main()
