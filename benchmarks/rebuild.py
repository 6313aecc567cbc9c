"""What it costs to make a version again, over the stages that it has to run anyway.

    python -m benchmarks.rebuild [--quick] [--json FILE]

Clones the project's HEAD into a temporary folder, runs every stage there and registers the version. Then it interleaves
`dvc repro --force` of what follows the raw records, which is the training and its evaluation, with `python -m
flows.rebuild` of the version, which does the same in a work tree of its own. The control is the forced run against
itself: odd repetitions against even ones. `--quick` trains one epoch and repeats less.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import harness
from benchmarks.loop import run, steps

WORKLOAD = "garments"
STAGES = [sys.executable, "-m", "dvc", "repro", f"evaluate@{WORKLOAD}"]
AGAIN = [sys.executable, "-m", "dvc", "repro", "--force", "--downstream", f"prepare@{WORKLOAD}"]
REGISTER = [sys.executable, "-c", f"from components.registry.register import register; register({WORKLOAD!r})"]
REBUILD = [sys.executable, "-m", "flows.rebuild", WORKLOAD, "1"]
TASKS = ("find", "raw data", "stages", "compare")


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
        params.write_text(params.read_text().replace("recipe: quick", "recipe: quick, epochs: 1"))
    run(STAGES, project)
    register_s = run(REGISTER, project)[0]
    stages, stages_cpu, rebuilds, rebuilds_cpu = [list[float]() for _ in range(4)]
    said: list[str] = []
    for _ in range(2 if quick else 4):
        wall, cpu, _ = run(AGAIN, project)
        stages.append(wall)
        stages_cpu.append(cpu)
        wall, cpu, output = run(REBUILD, project)
        rebuilds.append(wall)
        rebuilds_cpu.append(cpu)
        said.append(output)
    return {
        "identical": all("│ identical" in output for output in said),
        "register_wall_s": register_s,
        "stages_wall_s": stages,
        "stages_cpu_s": stages_cpu,
        "rebuild_wall_s": rebuilds,
        "rebuild_cpu_s": rebuilds_cpu,
        "steps_s": [steps(output, *TASKS) for output in said],
    }


def report(figures: dict[str, object]) -> None:
    """Print the table."""
    lists = {name: value for name, value in figures.items() if isinstance(value, list)}
    stages, rebuild = statistics.median(lists["stages_wall_s"]), statistics.median(lists["rebuild_wall_s"])
    cpu = [statistics.median(lists[f"{name}_cpu_s"]) for name in ("stages", "rebuild")]
    control = harness.control(lists["stages_wall_s"])
    rows = [
        ("machine", figures["machine"]),
        ("made again", "identical every time" if figures["identical"] else "NOT identical"),
        ("the stages alone", f"{stages:.1f} s wall, {cpu[0]:.1f} s CPU (median of {len(lists['stages_wall_s'])})"),
        ("the rebuild", f"{rebuild:.1f} s wall, {cpu[1]:.1f} s CPU"),
        ("overhead", f"{rebuild - stages:.1f} s wall, {rebuild / stages - 1:.1%}"),
        *((f"of it {name}", f"{_middle(lists['steps_s'], name):.1f} s") for name in ("raw data", "compare")),
        ("register, lineage included", f"{figures['register_wall_s']:.1f} s wall"),
        ("control: stages / stages", f"{control:.2f}"),
    ]
    for name, value in rows:
        print(f"{name:32} {value}")


def _middle(steps_s: list[dict[str, float]], name: str) -> float:
    return statistics.median(found.get(name, 0.0) for found in steps_s)


if __name__ == "__main__":
    main()
