"""Time to accuracy of the recipes for pictures: CPU and wall seconds on Fashion-MNIST, over several seeds.

    python -m benchmarks.recipes [--recipes quick,standard] [--precision P] [--seeds N] [--data DIR]
                                 [--json FILE] [--quick]

`quick-wide` is what `quick` was before it was made for processors without bf16: the two beside each other tell what
that saves. They are measured as on a processor that has AVX2 alone with `--precision 32-true` and, set before Python
starts, ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2.

Each recipe is trained by the project's own loop, each seed in a process of its own, one thread, seeds in turn. Seconds
count from before the network is made to the end of an epoch, validation included; packages are imported before. The
test split is asked once, at the end, by the module that is exported as the bundle (`export` holds the two together).
The table gives means and standard deviations over the seeds, and when the validation accuracy first reached a level.

Every run is written to the file as soon as it is finished, and what the file holds is not run again: an interrupted
series goes on where it stopped. `--quick` trains one epoch of one seed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks import harness
from benchmarks.watch import Watch
from components import catalogue
from components.internals.lightning import quiet
from components.kinds.image import params
from components.kinds.image.params.recipes import FRESH, RECIPES
from components.kinds.prepared import PreparedData, open_prepared
from components.system.files import write_json
from components.training.loop import fit, plan

LEVELS = (0.925, 0.935, 0.944, 0.954)
ANCHORS = (
    ("DenseNet-BC, 768 K parameters", 95.4),
    ("VGG16, 26 M parameters", 93.5),
    ("people", 83.5),
)
"""Test accuracy in percent, as the README of the data set lists them (github.com/zalandoresearch/fashion-mnist)."""

ARMS: dict[str, dict[str, Any]] = {
    **{name: {"recipe": name} for name in FRESH},
    "quick-wide": {"recipe": "quick", "width": 32, "epochs": 5},
}
"""Sections `train`, by the name that `--recipes` has for them."""

Run = dict[str, Any]


def main() -> None:
    """Train what the file of `--json` does not hold yet, and print the tables."""
    parser = harness.parser(__doc__, quick="one epoch, one seed")
    parser.add_argument("--recipes", default="quick,standard", help=f"of {','.join(ARMS)}; default: %(default)s")
    parser.add_argument("--precision", default="auto", help="train.precision; default: %(default)s")
    parser.add_argument("--seeds", type=int, default=3, help="how many; default: %(default)s")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared pictures")
    parser.add_argument("--single", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.single:
        name, seed = options.single
        print(json.dumps(single_run(name, int(seed), options)))
        return
    names = options.recipes.split(",")
    if unknown := set(names) - set(ARMS):
        parser.error(f"no such recipe: {', '.join(sorted(unknown))}; there are {', '.join(ARMS)}")
    runs = series(names, options)
    report([run for run in runs if run["recipe"] in names])


def series(names: list[str], options: argparse.Namespace) -> list[Run]:
    """Return the runs of the file of `--json`, and those that were missing there, which it holds now."""
    file: Path | None = options.json
    runs: list[Run] = json.loads(file.read_text())["runs"] if file and file.exists() else []
    done = {(run["recipe"], run["seed"], run["epochs"]) for run in runs}
    for seed in range(1 if options.quick else options.seeds):
        for name in names:
            if (name, seed, 1 if options.quick else epochs_of(name)) in done:
                continue
            runs.append(apart(name, seed, options))
            print(line(runs[-1]), flush=True)
            if file:
                write_json(file, {"machine": harness.machine(), "runs": runs})
    return runs


def epochs_of(name: str) -> int:
    """Return the epochs of an arm."""
    return int(ARMS[name].get("epochs", RECIPES[ARMS[name]["recipe"]]["epochs"]))


def apart(name: str, seed: int, options: argparse.Namespace) -> Run:
    """Return what `single_run` measures in a process of its own, on one thread."""
    command = [*harness.command("benchmarks.recipes"), "--single", name, str(seed), "--data", str(options.data)]
    command += ["--precision", options.precision, *(["--quick"] if options.quick else [])]
    done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    run: Run = json.loads(done.stdout.splitlines()[-1])
    return run


def single_run(name: str, seed: int, options: argparse.Namespace) -> Run:
    """Train the recipe once, and ask the test split once."""
    quiet()
    data = open_prepared(options.data)
    learner = catalogue.learner(data.kind, data.task)
    keys = {**ARMS[name], "seed": seed, "threads": 1, "precision": options.precision}
    config = params.Train.model_validate({**keys, **({"epochs": 1} if options.quick else {})})
    watch = Watch()
    trained = fit(learner, data, config, [watch])
    cpu, wall = watch.seconds()
    module = learner.module(data, config)
    module.load_state_dict(trained.weights)
    serving = learner.serving(module)
    return {
        "recipe": name,
        "seed": seed,
        "epochs": config.epochs,
        "pictures": config.epochs * data.counts["train"],
        "parameters": sum(weights.numel() for weights in serving.parameters()),
        "used": plan(data, config).facts(),
        "cpu_s": cpu,
        "wall_s": wall,
        "curve": watch.curve,
        "test_accuracy": accuracy(serving, data),
    }


def accuracy(serving: nn.Module, data: PreparedData) -> float:
    """Return the accuracy on the test split, in 32 bit, as the endpoint answers."""
    inputs, labels, correct = data.inputs("test"), data.labels("test"), 0
    with torch.inference_mode():
        for start in range(0, len(labels), 1_000):
            part = slice(start, start + 1_000)
            outputs, _ = serving(torch.from_numpy(np.array(inputs[part])))
            correct += int((outputs.argmax(dim=1).numpy() == labels[part]).sum())
    return correct / len(labels)


def report(runs: list[Run]) -> None:
    """Print what each recipe takes and reaches, and when it reached each level."""
    by_recipe = {name: [run for run in runs if run["recipe"] == name] for name in ARMS}
    found = {name: some for name, some in by_recipe.items() if some}
    print(f"\n{harness.machine()}")
    heads = f"{'CPU s':>16} {'wall s':>16} {'pictures/CPU s':>16} {'test accuracy %':>16}"
    print(f"{'recipe':32} {'parameters':>10} {'epochs':>6} {heads} seeds, precision")
    for name, some in found.items():
        cpu, wall = (spread([run[key] for run in some]) for key in ("cpu_s", "wall_s"))
        speed = spread([run["pictures"] / run["cpu_s"] for run in some], 0)
        test = spread([100 * run["test_accuracy"] for run in some], 2)
        about = f"{some[0]['parameters']:>10,} {some[0]['epochs']:>6}"
        last = f"{len(some):>5}, {some[0]['used']['precision']}"
        print(f"{name:32} {about} {cpu:>16} {wall:>16} {speed:>16} {test:>16} {last}")
    for name, percent in ANCHORS:
        print(f"{f'{name} (README of the data)':66} {'':34} {percent:>15.1f}")
    print(f"\n{'seconds until validation reached':32}" + "".join(f" {100 * level:>25.1f} %" for level in LEVELS))
    for name, some in found.items():
        for key, unit in (("cpu_s", "CPU"), ("wall_s", "wall")):
            print(f"{f'{name}, {unit}':32}" + "".join(f" {reached(some, key, level):>27}" for level in LEVELS))


def reached(runs: list[Run], key: str, level: float) -> str:
    """Return the seconds at which the runs first reached the level, and how many did where not all of them."""
    first = [next((point[key] for point in run["curve"] if point["accuracy"] >= level), None) for run in runs]
    those = [seconds for seconds in first if seconds is not None]
    if not those:
        return "-"
    return spread(those) + (f" ({len(those)} of {len(runs)})" if len(those) < len(runs) else "")


def spread(values: list[float], digits: int = 1) -> str:
    """Return mean and standard deviation; of one value, the value."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def line(run: Run) -> str:
    """Return a finished run in one line."""
    found = f"test {100 * run['test_accuracy']:.2f} %, validation {100 * run['curve'][-1]['accuracy']:.2f} %"
    return f"{run['recipe']}, seed {run['seed']}: {found}, {run['cpu_s']:.0f} s CPU, {run['wall_s']:.0f} s wall"


if __name__ == "__main__":
    main()
