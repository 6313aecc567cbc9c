"""What it costs to judge a version, to put it to work, and to take it back.

    python -m benchmarks.release [--quick] [--json FILE]

Clones the project's HEAD into a temporary folder and runs the flow there twice, the second time with another seed, so
that two versions are held against each other. It then puts the second one to work, whatever the gate said, and
interleaves `python -m flows.rollback WORKLOAD`, which goes back to the first, with the same command for a version that
is at work already: it changes nothing, and costs little but the start of Python and of Prefect. The control is the
rollback against itself: odd repetitions against even ones. `--quick` looks at the table alone, a tenth of it, with one
epoch and a gate that refuses little, and repeats less.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks import harness
from benchmarks.loop import run, steps

TASKS = ("register", "judge", "describe", "promote", "package", "ask endpoint", "publish")


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="a tenth of the table alone, one epoch, two repetitions")
    options = parser.parse_args()
    workloads = {"fraud": 2} if options.quick else {"fraud": 6, "garments": 6}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "journeyman"
        subprocess.run(["git", "clone", "--quiet", str(harness.ROOT), str(project)], check=True)
        subprocess.run(["git", "-C", str(project), "remote", "remove", "origin"], check=True)  # nothing is pushed
        if options.quick:
            make_small(project)
        figures = {name: measure(project, name, times) for name, times in workloads.items()}
    harness.finish(figures, report, options.json)


def make_small(project: Path) -> None:
    """Have the project simulate few payments, train little and promote what has learned little."""
    source, params = project / "datasets/transactions.yaml", project / "params.yaml"
    described, content = (yaml.safe_load(path.read_text()) for path in (source, params))
    described["settings"] |= {"customers": 500, "terminals": 1000}
    fraud = content["workloads"]["fraud"]
    fraud["train"]["epochs"] = 1
    fraud["gate"] = {"baseline": False, "calibration": {"error": 1.0, "brier": 2.0}, "robustness": {"kept": 0.0}}
    fraud["gate"]["behaviours"] = {"invariance": 0.0, "direction": 0.0, "minimum": 0.0}
    source.write_text(yaml.safe_dump(described))
    params.write_text(yaml.safe_dump(content))


def measure(project: Path, workload: str, times: int) -> dict[str, object]:
    """Return the figures of one workload."""
    train = [sys.executable, "-m", "flows.train", workload]
    first = steps(run(train, project)[2], "evaluate", *TASKS)
    params = project / "params.yaml"
    content = yaml.safe_load(params.read_text())
    content["workloads"][workload]["train"]["seed"] = 1
    params.write_text(yaml.safe_dump(content))
    second = steps(run(train, project)[2], "evaluate", *TASKS)
    forward = [sys.executable, "-m", "flows.promote", workload, "2", "--reason", "to be taken back"]
    back = [sys.executable, "-m", "flows.rollback", workload]
    rollbacks, nothing = list[float](), list[float]()
    for _ in range(times):
        run(forward, project)
        rollbacks.append(run(back, project)[0])
        nothing.append(run([*back, "--to", "1"], project)[0])
    return {"first_s": first, "second_s": second, "rollback_wall_s": rollbacks, "nothing_wall_s": nothing}


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    print(figures["machine"])
    for workload in figures.keys() & {"fraud", "garments"}:
        report_workload(workload, figures[workload])


def report_workload(workload: str, figures: dict[str, Any]) -> None:
    """Print the tables of one workload."""
    taken = {name: value for name, value in figures.items() if isinstance(value, dict)}
    print(f"{workload:32} {'first version':>16} {'second version':>16}")
    for task in TASKS:
        print(f"{task:32} {taken['first_s'][task]:14.2f} s {taken['second_s'][task]:14.2f} s")
    walls = {name: value for name, value in figures.items() if isinstance(value, list)}
    rollback, nothing = (statistics.median(walls[f"{name}_wall_s"]) for name in ("rollback", "nothing"))
    control = harness.control(walls["rollback_wall_s"])
    print(f"{'rollback, whole command':32} {rollback:14.2f} s (median of {len(walls['rollback_wall_s'])})")
    print(f"{'the same, nothing to do':32} {nothing:14.2f} s, ratio {rollback / nothing:.2f}")
    print(f"{'control: rollback / rollback':32} {control:14.2f}\n")


if __name__ == "__main__":
    main()
