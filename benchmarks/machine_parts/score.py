"""Scoring: one shard, two at once, and two whole runs side by side."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import harness
from benchmarks.machine_parts.figures import Figures, scaled
from benchmarks.server import clean_environment
from components import catalogue
from components.config.settings import artifacts
from components.kinds.prepared import open_prepared

_SHARD = """
import sys, time
from pathlib import Path
from components.scoring.shards import Shard, score_shard
bundle, source, out, shard = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
score_shard(Path(bundle), "1", source, out, Shard.parse(shard), workers=1)
"""


def score(workload: str, folder: Path, quick: bool) -> Figures:
    """Return the rows a second of one shard, of two at once, and of two whole runs side by side."""
    data = open_prepared(artifacts(workload, "prepared"))
    count = min(data.counts["test"], 200 if quick else 10_000)
    rows = catalogue.sample(data.kind).requests(data, range(count), False)
    times = 1 if quick else 2
    source, bundle = folder / "rows.parquet", artifacts(workload, "bundle").resolve()
    pictures = [row["picture"] for row in rows] * times
    pq.write_table(pa.table({"picture": pictures}), source, row_group_size=max(1, len(pictures) // 40))
    arms: dict[str, list[str]] = {"one": ["0/1"], "two": ["0/2", "1/2"], "limit": ["0/1", "0/1"]}
    found: dict[str, list[float]] = {name: [] for name in arms}
    for turn, name in harness.turns(list(arms), 1 if quick else 3):
        outs = [folder / f"{name} {turn} {place if name == 'limit' else ''}" for place in range(2)]
        commands = [
            [sys.executable, "-c", _SHARD, str(bundle), str(source), str(outs[place] / "scores.parquet"), shard]
            for place, shard in enumerate(arms[name])
        ]
        whole = 2 if name == "limit" else 1
        found[name].append(len(pictures) * whole / _together(commands))
    return {"rows": len(pictures), **scaled(found)}


def _together(commands: list[list[str]]) -> float:
    """Start processes that say when they are ready; return the seconds from there until all have ended."""
    with ExitStack() as stack:
        environment = {**clean_environment(), "PYTHONPATH": str(harness.ROOT)}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        running = [stack.enter_context(subprocess.Popen(each, env=environment, **pipes)) for each in commands]
        for process in running:
            process.stdout.readline()
        began = time.perf_counter()
        for process in running:
            process.stdin.write(b"\n")
            process.stdin.close()
        if sum(process.wait() != 0 for process in running):
            sys.exit(f"{commands[0][3:]} failed")
        return time.perf_counter() - began
