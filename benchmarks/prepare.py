"""How fast and in how much memory `prepare` makes features of the simulated transactions.

    python -m benchmarks.prepare [--quick] [--json FILE] [--folder FOLDER]

Speed: the table at its default size, with the handbook's windows, prepared again and again, in turn with what Polars
needs to read the same file and write it again (`scan_parquet`, `sink_parquet` with the same compression). The controls
are each against itself: odd repetitions against even ones.

Memory: once the default size and 100 times it, each in a process of its own that may have no more private memory than
the limit (`RLIMIT_DATA`: heap, anonymous maps, stacks; a request beyond it fails). Peaks are those of private resident
memory (`RssAnon` of /proc/self/status, every 10 ms) and of all resident memory (`ru_maxrss`), in which mapped pages of
the files being written count too, as long as the kernel has no better use for them. `--quick` leaves 100 times out.
Needs 5 GB in the folder.
"""

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from benchmarks import harness
from components.kinds.table import params
from components.kinds.table.prepare import prepare
from components.kinds.table.source import simulator

LIMITS = {1: 2.0, 100: 8.0}  # GiB of private memory, by size
CONFIG = params.Prepare(
    columns=params.Columns(label="fraud", time="time", id="transaction_id", amount="amount"),
    entities={
        "customer_id": params.Entity(days=[1, 7, 30], measures=["count", "mean"]),
        "terminal_id": params.Entity(days=[1, 7, 30], measures=["count", "risk"], delayed=True),
    },
    card="customer_id",
    delay=7.0,
    split=params.Split(train=7.0, validation=7.0, test=7.0),
)


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="the default size only, two repetitions")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one, options.limit)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measure(Path(folder), options.quick)
    harness.finish(figures, report, options.json)


def measure(folder: Path, quick: bool) -> dict[str, object]:
    """Return the figures of both parts."""
    raw = simulated(folder, 1)
    prepared: list[float] = []
    copied: list[float] = []
    for _ in range(2 if quick else 8):
        prepared.append(seconds_to_prepare(raw))
        copied.append(seconds_to_copy(raw))
    return {
        "rows": rows_of(raw),
        "prepare_s": prepared,
        "copy_s": copied,
        "memory": [apart(folder, factor) for factor in ([1] if quick else LIMITS)],
    }


def simulated(folder: Path, factor: int) -> Path:
    """Write the simulated transactions, `factor` times the default number, as `ingest` does."""
    path = folder / f"records-{factor}.parquet"
    simulation = simulator.scaled(simulator.Simulation(), factor)
    with pq.ParquetWriter(path, simulator.SCHEMA, compression="zstd") as writer:
        for batch in simulator.transactions(simulation):
            writer.write_batch(batch)
    return path


def seconds_to_prepare(raw: Path) -> float:
    """Prepare the table as it is the first time, its schema not yet known."""
    with tempfile.TemporaryDirectory(dir=raw.parent) as folder:
        out = Path(folder) / "prepared"
        out.mkdir()
        began = time.perf_counter()
        prepare(raw, out, CONFIG, Path(folder) / "schema.yaml")
        return time.perf_counter() - began


def seconds_to_copy(raw: Path) -> float:
    """Read the table and write it again."""
    with tempfile.TemporaryDirectory(dir=raw.parent) as folder:
        began = time.perf_counter()
        pl.scan_parquet(raw).sink_parquet(Path(folder) / "copy.parquet", compression="zstd", compression_level=1)
        return time.perf_counter() - began


def apart(folder: Path, factor: int) -> dict[str, float]:
    """Return the figures of one size, measured in a process of its own under the limit."""
    raw = simulated(folder, factor)
    command = [*harness.command("benchmarks.prepare"), "--one", str(raw), "--limit", str(LIMITS[factor])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    figures = {"factor": factor, "rows": rows_of(raw), "limit_gib": LIMITS[factor], **json.loads(done.stdout)}
    raw.unlink()
    return figures


def one(raw: Path, limit: float) -> dict[str, float]:
    """Prepare `raw` with at most `limit` GiB of private memory."""
    resource.setrlimit(resource.RLIMIT_DATA, (int(limit * 2**30),) * 2)
    seen = [private()]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            seen.append(max(seen.pop(), private()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    seconds = seconds_to_prepare(raw)
    done.set()
    watcher.join()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": seconds, "private_gib": seen[0], "resident_gib": resident}


def private() -> float:
    """Return the private resident memory of this process in GiB."""
    return int(re.findall(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 2**20


def rows_of(raw: Path) -> int:
    """Return how many records the file holds."""
    rows: int = pq.ParquetFile(raw).metadata.num_rows
    return rows


def report(figures: dict[str, object]) -> None:
    """Print the table."""
    rows, prepared, copied, memory = (figures[name] for name in ("rows", "prepare_s", "copy_s", "memory"))
    assert isinstance(rows, int)
    assert isinstance(prepared, list)
    assert isinstance(copied, list)
    assert isinstance(memory, list)
    print(f"{'machine':34} {figures['machine']}")
    for name, seconds in (("prepare", prepared), ("read and write by Polars", copied)):
        median, spread = statistics.median(seconds), f"{min(seconds):.2f} to {max(seconds):.2f} s"
        print(f"{name:34} {rows / median:,.0f} rows/s (median of {len(seconds)}: {median:.2f} s, {spread})")
    print(f"{'prepare / read and write':34} {statistics.median(prepared) / statistics.median(copied):.2f}")
    for name, seconds in (("prepare", prepared), ("read and write", copied)):
        control = harness.control(seconds)
        print(f"{f'control: {name} / itself':34} {control:.2f}")
    for run in memory:
        speed = f"{run['rows'] / run['seconds']:,.0f} rows/s ({run['seconds']:.0f} s)"
        peaks = f"peak {run['private_gib']:.2f} GiB private, {run['resident_gib']:.2f} GiB resident"
        print(f"{run['factor']:>3}x: {run['rows']:>13,} rows {'':9} {speed}, {peaks}; limit {run['limit_gib']:g} GiB")


if __name__ == "__main__":
    main()
