"""Watching a long log: seconds and memory of a watch of one day, of a year read for the first time, and of it again.

    python -m benchmarks.watching_scale [--quick] [--rows N] [--json FILE]

A year of a table's log, N rows with a label for each a week later, is written as compaction writes it, with a bundle
whose reference has the ten features. Each watch has a process of its own: of the first day (nothing before it); of the
first 364 days, of which nothing is known; of all 365, as the next day's run finds them; and of those again. Memory is
the peak of that process above what it had with all imports.
"""

import multiprocessing
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import harness
from benchmarks.prediction_log import DAYS, FIRST, peak, size, write
from components.inference.bundle import SERVING, new_bundle, read_about
from components.inference.reference import ReferenceArrays, write_reference
from components.prediction_log.reader import Log
from components.prediction_log.summaries import FOLDER, Summaries
from components.watch.columns import columns
from components.watch.days import made_by
from components.watch.statistics.drift import fit_reference, packed
from components.watch.watch import watch

Figures = dict[str, Any]

FEATURES = 10
_VALIDATED = 20_000


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="100,000 rows")
    parser.add_argument("--rows", type=int, help="rows of the year (1,000,000)")
    options = parser.parse_args()
    harness.finish(a_year(options.rows or (100_000 if options.quick else 1_000_000)), report, options.json)


def a_year(rows: int) -> Figures:
    """Return the figures of a year of so many rows."""
    with tempfile.TemporaryDirectory() as place:
        folder, bundle = Path(place) / "payments", Path(place) / "bundle"
        make_bundle(bundle)
        write(folder, rows)
        runs = {
            "one day": watched(folder, bundle, 1),
            "364 days, for the first time": watched(folder, bundle, DAYS - 1),
            "365 days, the last of them new": watched(folder, bundle, DAYS),
            "365 days again": watched(folder, bundle, DAYS),
        }
        summaries = sum(path.stat().st_size for path in (folder / FOLDER).iterdir())
        shutil.rmtree(folder / FOLDER)
        return {"rows": rows, "bytes": size(folder), "summaries": summaries, "runs": runs}


def make_bundle(path: Path) -> None:
    """Write the bundle of the version that answered; nobody runs its graph."""
    draws = np.random.default_rng(1)
    names = [f"feature {index}" for index in range(FEATURES)]
    definition = {"numbers": names, "categories": {}, "entities": []}
    about = {"features": names, "definition": definition, "label_features": [], "typical": [0.5] * FEATURES}
    said: dict[str, Any] = {
        "workload": "payments", "kind": "table", "task": "detection", "classes": ("genuine", "fraud"),
        "input": {**about, "amount_feature": None, "split_by": "content"}, "decision": {"threshold": 0.5},
    }  # fmt: skip
    with new_bundle(path, **said) as draft:
        (draft / "model.onnx").write_bytes(b"")
    examples, outputs = (draws.random((_VALIDATED, width), np.float32) for width in (FEATURES, 2))
    reference = packed(fit_reference(columns(read_about(path), examples, outputs)))
    labels = (draws.random(2_000) < outputs[:2_000, 1]).astype(np.int64)
    with new_bundle(path, **said) as draft:
        (draft / "model.onnx").write_bytes(b"")
        embedding = np.zeros((1, 1), np.float16)
        write_reference(
            draft / SERVING, ReferenceArrays(reference, outputs[:2_000], labels, None, embedding, _VALIDATED, 0)
        )


def watched(folder: Path, bundle: Path, days: int) -> Figures:
    """Watch the first so many days in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(run, (folder, bundle, days))


def run(folder: Path, bundle: Path, days: int) -> Figures:
    """Watch them here."""
    empty, begun, cpu = peak(), time.perf_counter(), time.process_time()
    as_of = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(days=days)
    summaries = Summaries(folder, made_by(), write=days > 1)
    found = watch(Log.open(folder), lambda _: bundle, as_of, timedelta(days=7), 0.02, summaries)
    (version,) = found.versions
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_s": time.process_time() - cpu,
        "mib": peak() - empty,
        "rows": sum(day.rows for day in version.traffic),
        "labels": found.labels,
        "verdict": found.verdict.verdict,
        "made": summaries.made,
    }


def report(figures: Figures) -> None:
    """Print the table."""
    print(f"{figures['machine']}; a year of {figures['rows']:,} rows ({figures['bytes'] / 2**30:.2f} GiB),", end="")
    print(f" what is kept of its days: {figures['summaries'] / 2**20:.0f} MiB\n")
    print("| watch of | rows | labels | s | s of CPU | MiB more than before |\n|---|---|---|---|---|---|")
    for name, said in figures["runs"].items():
        print(f"| {name} | {said['rows']:,} | {said['labels']:,} | {said['seconds']:.1f} |", end="")
        print(f" {said['cpu_s']:.1f} | {said['mib']:.0f} |")


if __name__ == "__main__":
    main()
