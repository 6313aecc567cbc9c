"""What one round of the loop costs, and what a second one costs when nothing has changed.

    python -m benchmarks.loop [--quick] [--json FILE]

Clones the project's HEAD into a temporary folder, runs the flow there once from raw data to the asked endpoint, then
interleaves unchanged runs of the flow with unchanged runs of `dvc repro`. The control is the unchanged flow against
itself: odd repetitions against even ones. `--quick` trains one epoch, promotes what is worse than its baseline, and
repeats less.
"""

import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import yaml

from benchmarks import harness
from components.config.settings import environment
from components.kinds.image.params import RECIPES

FLOW = [sys.executable, "-m", "flows.train"]
REPRO = [sys.executable, "-m", "dvc", "repro", "evaluate@garments"]


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="one epoch, two repetitions")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "journeyman", options.quick)
    harness.finish(figures, report, options.json)


def measure(project: Path, quick: bool) -> dict[str, object]:
    """Return the figures of a fresh clone at `project`."""
    subprocess.run(["git", "clone", "--quiet", str(harness.ROOT), str(project)], check=True)
    subprocess.run(["git", "-C", str(project), "remote", "remove", "origin"], check=True)  # nothing is pushed
    if quick:
        params = project / "params.yaml"
        content = yaml.safe_load(params.read_text())
        content["workloads"]["garments"]["train"]["epochs"] = 1
        content["workloads"]["garments"]["gate"] = {"baseline": False}
        params.write_text(yaml.safe_dump(content))
    first_wall, first_cpu, said = run(FLOW, project)
    again: list[float] = []
    repro: list[float] = []
    for _ in range(2 if quick else 6):
        again.append(run(FLOW, project)[0])
        repro.append(run(REPRO, project)[0])
    return {
        "epochs": 1 if quick else RECIPES["quick"]["epochs"],
        "test_accuracy_percent": float(re.findall(r"test accuracy\s+│ ([\d.]+)%", said)[0]),
        "first_run_wall_s": first_wall,
        "first_run_cpu_s": first_cpu,
        "train_stage_wall_s": float(
            re.findall(r"'train' - Finished in state Completed\('ran \(([\d.]+) s\)'", said)[0]
        ),
        "unchanged_flow_wall_s": again,
        "unchanged_repro_wall_s": repro,
    }


def run(command: list[str], project: Path) -> tuple[float, float, str]:
    """Run `command` in the project; return its wall and CPU seconds, children included, and what it said."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = ("MLFLOW_", "PREFECT_", "BENTOML_", "JOURNEYMAN_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    for name in [name for name in os.environ if name.startswith(ours)]:
        del os.environ[name]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, cwd=project, env={**clean, **environment(project), "PATH": path}, capture_output=True, text=True
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout + done.stderr


def steps(output: str, *tasks: str) -> dict[str, float]:
    """Return the seconds from the end of each of the flow's tasks to that of the next, as Prefect has said them."""
    line = rf"^(\d+):(\d+):([\d.]+) .*'({'|'.join(tasks)})' - Finished"
    found = re.findall(line, output, re.MULTILINE)
    ends = {name: 3600 * int(hour) + 60 * int(minute) + float(second) for hour, minute, second, name in found}
    return {after: (ends[after] - ends[before]) % 86400 for before, after in pairwise(ends)}


def report(figures: dict[str, object]) -> None:
    """Print the table."""
    again, repro = figures["unchanged_flow_wall_s"], figures["unchanged_repro_wall_s"]
    assert isinstance(again, list)
    assert isinstance(repro, list)
    flow = statistics.median(again)
    control = harness.control(again)
    rows = [
        ("machine", figures["machine"]),
        ("test accuracy", f"{figures['test_accuracy_percent']} % after {figures['epochs']} epochs"),
        ("first run", f"{figures['first_run_wall_s']:.0f} s wall, {figures['first_run_cpu_s']:.0f} s CPU"),
        ("of it the stage train", f"{figures['train_stage_wall_s']:.0f} s wall"),
        ("unchanged run", f"{flow:.1f} s (median of {len(again)}, {min(again):.1f} to {max(again):.1f})"),
        ("unchanged dvc repro", f"{statistics.median(repro):.1f} s (median of {len(repro)})"),
        ("first / unchanged", f"{figures['first_run_wall_s'] / flow:.1f}"),  # type: ignore[operator]
        ("control: unchanged / unchanged", f"{control:.2f}"),
    ]
    for name, value in rows:
        print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
