"""What a training step of the recipe `quick` costs in CPU time, by precision and instructions, and by waiting threads.

    python -m benchmarks.steps [--steps N] [--data DIR] [--json FILE] [--quick]

The first table: `quick` beside `quick-wide`, which is what it was before it was made for processors without bf16, on
one thread. The arms take turns, step by step, in one process for each kind of processor; `again` is the control.
`AVX2` keeps oneDNN, torch and MKL from all newer instructions (ONEDNN_MAX_CPU_ISA, ATEN_CPU_CAPABILITY,
MKL_ENABLE_INSTRUCTIONS), as on a processor that has no others; `fp32` switches bf16 off alone (`train.precision`).

The second table: steps of `quick-wide` in fp32 on one and two threads, which wait as OpenMP has them (they spin), or as
`OMP_WAIT_POLICY=passive` has them, alone and beside two busy processes. CPU time is that of all threads.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import harness

AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
PROCESSORS = {"fp32, AVX2": ("32-true", AVX2), "fp32": ("32-true", {}), "bf16": ("bf16-mixed", {})}
"""Precision, and the variables to set, by name."""
ALL = ("quick-wide", "quick", "again")
WAITING = [(1, "active"), (2, "active"), (2, "passive")]
"""Threads, and how those wait that have nothing to do; `active` is what OpenMP does by itself."""
BUSY = [sys.executable, "-c", "while True: pass"]


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="two steps, one kind of processor, one kind of waiting")
    parser.add_argument("--steps", type=int, default=12, help="of each arm; default: %(default)s")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared pictures")
    parser.add_argument("--single", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.single:
        precision, threads, arms = options.single
        print(json.dumps(measure(precision, int(threads), arms.split(","), options)))
        return
    few = 1 if options.quick else None
    kinds, ways, others = list(PROCESSORS.items())[:few], WAITING[::-1][:few], (0, 2)[:few]
    speed = {name: apart(options, precision, 1, ALL, variables) for name, (precision, variables) in kinds}
    waiting = []
    for beside in others:
        with ExitStack() as stack:
            for _ in range(beside):
                stack.callback(subprocess.Popen(BUSY).kill)
            for threads, policy in ways:
                passive = {"OMP_WAIT_POLICY": "passive"} if policy == "passive" else {}
                arm = apart(options, "32-true", threads, ALL[:1], passive)["quick-wide"]
                waiting.append({"beside": beside, "threads": threads, "policy": policy, **arm})
    harness.finish({"speed": speed, "waiting": waiting}, report, options.json)


def apart(
    options: argparse.Namespace, precision: str, threads: int, arms: Sequence[str], variables: dict[str, str]
) -> Any:
    """Return what `measure` finds in a process of its own with these variables."""
    clean = {name: value for name, value in os.environ.items() if name not in {"OMP_WAIT_POLICY", *AVX2}}
    command = [*harness.command("benchmarks.steps"), "--single", precision, str(threads), ",".join(arms)]
    command += ["--data", str(options.data), "--steps", str(2 if options.quick else options.steps)]
    done = subprocess.run(command, env={**clean, **variables}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(
    precision: str, threads: int, arms: Sequence[str], options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Return of each arm, whose steps take turns, the medians of a step's CPU and wall seconds, and its pictures."""
    from benchmarks.bare import Bare  # not before the variables are set
    from benchmarks.recipes import ARMS
    from components.kinds.image import params
    from components.kinds.prepared import open_prepared

    prepared, made = open_prepared(options.data), {}
    for name in arms:
        keys = {**ARMS["quick-wide" if name == "again" else name], "threads": threads, "precision": precision}
        made[name] = Bare("image", prepared, params.Train.model_validate(keys).fitted(prepared.counts["train"]))
    cpu, wall = ({name: list[float]() for name in made} for _ in range(2))
    for repetition, name in harness.turns(made, options.steps):
        began = time.process_time(), time.perf_counter()
        made[name].step()
        if repetition:  # the first one warms up
            cpu[name].append(time.process_time() - began[0])
            wall[name].append(time.perf_counter() - began[1])
    return {
        name: {
            "cpu_s": statistics.median(cpu[name]),
            "wall_s": statistics.median(wall[name]),
            "pictures": arm.training.batch_size,
        }
        for name, arm in made.items()
    }


def report(figures: dict[str, Any]) -> None:
    """Print both tables."""
    print(figures["machine"])
    print(f"\n{'pictures a CPU second':24} {'quick-wide':>12} {'quick':>12} {'quick / wide':>14} {'again / wide':>14}")
    for name, arms in figures["speed"].items():
        wide, quick, again = (arms[arm]["pictures"] / arms[arm]["cpu_s"] for arm in ("quick-wide", "quick", "again"))
        print(f"{name:24} {wide:>12,.0f} {quick:>12,.0f} {quick / wide:>14.2f} {again / wide:>14.2f}")
    print(f"\n{'busy processes beside':24} {'threads':>12} {'waiting':>12} {'CPU ms a step':>14} {'wall ms':>14}")
    for arm in figures["waiting"]:
        times = f"{1e3 * arm['cpu_s']:>14.0f} {1e3 * arm['wall_s']:>14.0f}"
        print(f"{arm['beside']:<24} {arm['threads']:>12} {arm['policy']:>12} {times}")


if __name__ == "__main__":
    main()
