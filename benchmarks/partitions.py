"""What the windows of a table cost one machine, one of four partitions, and the machine that merges them.

    python -m benchmarks.partitions [--quick] [--json FILE] [--folder FOLDER] [--factor N] [--turns N]

Prepares the simulated payments, `--factor` times the default number, with the handbook's windows and splits of 90, 14
and 14 days: by one machine, by each of four partitions, and by the machine that takes the windows from those. Each is a
process of its own, and they take turns. Seconds, CPU seconds, and the peak of private resident memory (`RssAnon` of
/proc/self/status, every 10 ms) beyond what the process has before it begins. It ends with an error unless every file of
the merged data set is that of one machine to the byte. Of the partitions the slowest and the largest count; of several
turns the median.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.prepare import CONFIG, private, rows_of, simulated
from components.config.settings import PARTITIONS
from components.kinds.table import params
from components.kinds.table.prepare import prepare, prepare_partition

COUNT = 4
SPLIT = params.Split(train=90.0, validation=14.0, test=14.0)


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="the default size, once")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    parser.add_argument("--factor", type=int, default=4, help="times 1.8 million records (4)")
    parser.add_argument("--turns", type=int, default=3, help="that are measured (3)")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        raw, out, part = options.one
        print(json.dumps(measured(lambda: done(Path(raw), Path(out), part))))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        factor, turns = (1, 1) if options.quick else (options.factor, options.turns)
        figures = measure(Path(folder), factor, turns)
    harness.finish(figures, report, options.json)


def measure(folder: Path, factor: int, turns: int) -> dict[str, Any]:
    """Return the figures of all turns."""
    raw = simulated(folder, factor)
    load: list[float] = []
    found: dict[str, list[dict[str, float]]] = {"one": [], "partition": [], "merge": []}
    for turn in range(turns):
        here = folder / f"turn-{turn}"
        load.append(os.getloadavg()[0])
        found["one"].append(apart(raw, here / "one", "alone"))
        parts = [apart(raw, here / f"part-{index}", str(index)) for index in range(COUNT)]
        found["partition"].append({name: max(part[name] for part in parts) for name in parts[0]})
        found["merge"].append(apart(raw, here / "merged", "merge"))
        if contents(here / "one") != contents(here / "merged"):
            sys.exit("the merged data set is not that of one machine")
    medians = {
        name: {key: statistics.median(each[key] for each in values) for key in values[0]}
        for name, values in found.items()
    }
    return {"rows": rows_of(raw), "turns": turns, "load": statistics.median(load), "all": found, **medians}


def apart(raw: Path, out: Path, part: str) -> dict[str, float]:
    """Return the figures of one part, in a process of its own; `alone` knows no partitions."""
    out.mkdir(parents=True)
    address = out.parent / ("nowhere" if part == "alone" else "partitions")
    command = [*harness.command("benchmarks.partitions"), "--one", str(raw), str(out), part]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, PARTITIONS: str(address)})
    if ended.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{ended.stderr}")
    figures: dict[str, float] = json.loads(ended.stdout)
    return figures


def done(raw: Path, out: Path, part: str) -> None:
    """Prepare the table, or a partition of its windows."""
    config, schema = CONFIG.model_copy(update={"split": SPLIT}), out.parent / f"{part}-schema" / "payments.yaml"
    schema.parent.mkdir()
    if part in ("alone", "merge"):
        prepare(raw, out, config, schema)
    else:
        prepare_partition(raw, out, config, schema, None, int(part), COUNT)


def measured(call: Callable[[], None]) -> dict[str, float]:
    """Return the seconds of a call, and by how many GiB private memory grew at most."""
    before = private()
    seen, ended = [before], threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            seen.append(max(seen.pop(), private()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    began, cpu = time.perf_counter(), time.process_time()
    call()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    ended.set()
    watcher.join()
    return {"seconds": seconds, "cpu": cpu, "gib": seen[0] - before}


def contents(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{figures['machine']}, load {figures['load']:.1f}; {figures['rows']:,} records, turns: {figures['turns']}\n")
    print("| | seconds | CPU seconds | of one machine | peak of private memory | of one machine |")
    print("|---|---|---|---|---|---|")
    alone = figures["one"]
    names = {"one": "one machine", "partition": f"one of {COUNT} partitions", "merge": "the machine that merges them"}
    for name, words in names.items():
        found = figures[name]
        cpu, gib = (f"{found[key] / alone[key]:.2f}" for key in ("cpu", "gib"))
        print(f"| {words} | {found['seconds']:.1f} | {found['cpu']:.1f} | {cpu} | {found['gib']:.2f} GiB | {gib} |")


if __name__ == "__main__":
    main()
