"""What several machines cost and bring, on one: each "machine" is a process of its own.

    python -m benchmarks.machines [--quick] [--json FILE] [--workload NAME] [--part NAME ...]

Wants the bundle and the prepared data of a workload of pictures (`make run WORKLOAD=garments`). Parts:

`follow`: from the call that publishes a champion on an object store (moto's server) to the first answer with it, of an
endpoint with one worker that follows there, looks every second and is asked all the time. `score`: the same rows by one
shard and by two at once; the ideal is twice the rows a second of one, the limit what two whole runs, each of all rows,
come to side by side, which share this machine as two shards do. `train`: 150 steps of the recipe by one process and by
two (gloo), of the same batches, after 30 to warm up; ideal and limit likewise. `launch`: the stage `train` of one
epoch, started by itself and by torchrun with one process: seconds, and CPU seconds of all its processes. `connections`:
of a database (PostgreSQL) that a process holds after forty requests, eight at a time. Median, and the least and the
most. A part whose server is not there says so.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import harness
from benchmarks.machine_parts.connections import connections
from benchmarks.machine_parts.figures import Figures
from benchmarks.machine_parts.follow import follow
from benchmarks.machine_parts.launch import launch
from benchmarks.machine_parts.score import score
from benchmarks.machine_parts.train import train
from components.config.settings import artifacts


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="each once, on little data")
    parser.add_argument("--workload", default="garments", help="of pictures (garments)")
    parser.add_argument("--part", nargs="+", choices=list(PARTS), default=list(PARTS), help="which parts (all)")
    options = parser.parse_args()
    if not artifacts(options.workload, "bundle").is_dir():
        sys.exit(f"{artifacts(options.workload, 'bundle')}: no bundle; make one: make run WORKLOAD={options.workload}")
    figures: Figures = {}
    for part in options.part:
        with tempfile.TemporaryDirectory() as folder:
            figures[part] = PARTS[part](options.workload, Path(folder), options.quick)
    harness.finish(figures, report, options.json)


def report(figures: Figures) -> None:
    """Print a table of each part."""
    print(f"{figures['machine']}\n\n| | | |\n|---|---|---|")
    for part, found in figures.items():
        if isinstance(found, dict):
            for words, figure, note in _rows(part, found):
                print(f"| {words} | {figure} | {note} |")


def _rows(part: str, found: Figures) -> Iterator[tuple[str, str, str]]:
    if missing := found.get("missing"):
        yield part, "not measured", f"needs {missing}"
    elif part == "follow":
        yield "from publishing to the first answer, seconds", *_told(found["answered"], 2)
        yield "of it, publishing", *_told(found["published"], 2)
    elif part in ("score", "train"):
        unit = {"score": "rows a second, one shard", "train": "examples a second, one process"}[part]
        yield unit, *_told(found["one"], 0)
        yield "two", f"{found['two']['median']:,.0f}", f"{found['of one']:.2f} times one; ideal 2"
        yield (
            "limit",
            f"{found['limit']['median']:,.0f}",
            f"two apart, side by side; two are {found['of limit']:.2f} of it",
        )
    elif part == "launch":
        for name, values in found.items():
            seconds, cpu = values["seconds"]["median"], values["cpu"]["median"]
            yield f"the stage `train` of one epoch, `launcher: {name}`", f"{seconds:.1f} s", f"{cpu:.1f} CPU seconds"
    else:
        for name, count in found.items():
            yield f"connections of {name}", f"{count}", ""


def _told(values: dict[str, float], digits: int) -> tuple[str, str]:
    return f"{values['median']:,.{digits}f}", f"{values['least']:,.{digits}f} to {values['most']:,.{digits}f}"


PARTS: dict[str, Callable[[str, Path, bool], Figures]] = {
    "follow": follow,
    "score": score,
    "train": train,
    "launch": launch,
    "connections": connections,
}

if __name__ == "__main__":
    main()
