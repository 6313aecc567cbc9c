"""Accuracy of the recipes for pictures on small data, beside the baseline's, and as they are for large data.

    python -m benchmarks.small_data [--recipes quick] [--sets NAMES] [--data DIR] [--precision P]
                                    [--json FILE] [--quick]

The sets are parts of Fashion-MNIST, grey and painted in colour, scikit-learn's digits, and crops of scikit-learn's two
photographs: of two classes, each a photograph, and of ten, each a strip of one. Their names end with the pictures of
a class, of which three quarters are learned from; the test split is larger, so that an accuracy means something.

    before    the recipe's batch size and epochs as they are for large data
    fitted    the batch size and epochs that fit the set, which is what a training takes (`Train.fitted`)

One seed, one thread. `--quick` takes the digits alone, and a tenth of the steps.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

from benchmarks import baseline, harness
from benchmarks.recipes import ARMS, accuracy
from components import catalogue
from components.config.errors import DataError
from components.internals.lightning import quiet
from components.kinds.image import params
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.training.loop import fit

Pictures = NDArray[np.uint8]
Labels = NDArray[np.int64]
Run = dict[str, Any]

_TEST = 2_000  # test pictures of Fashion-MNIST
_CROPS = 100  # test pictures of each class of crops
_SIDE = 32


def main() -> None:
    """Train each recipe on each set, before and fitted, and print the table."""
    parser = harness.parser(__doc__, quick="digits alone, a tenth of the steps")
    parser.add_argument("--recipes", default="quick", help=f"of {','.join(ARMS)}; default: %(default)s")
    parser.add_argument("--sets", default=",".join(SETS), help="default: %(default)s")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared garments")
    parser.add_argument("--precision", default="auto", help="train.precision; default: %(default)s")
    options = parser.parse_args()
    names = ["digits-20"] if options.quick else options.sets.split(",")
    for chosen, known in ((names, SETS), (options.recipes.split(","), ARMS)):
        if unknown := set(chosen) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    quiet()
    torch.set_num_threads(1)
    runs: list[Run] = []
    print(f"{harness.machine()}\n{HEAD}")
    for name in names:
        for run in measured(name, options):
            runs.append(run)
            print(line(run), flush=True)
    harness.finish({"runs": runs}, lambda _: None, options.json)


def measured(name: str, options: argparse.Namespace) -> list[Run]:
    """Return what each recipe comes to on the set."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            data = SETS[name](Path(folder), options.data)
        except DataError as error:
            sys.exit(str(error))
        beaten = baseline.accuracy(data)
        return [
            {"set": name, "baseline": beaten, **single_run(recipe, data, options)}
            for recipe in options.recipes.split(",")
        ]


def single_run(recipe: str, data: PreparedData, options: argparse.Namespace) -> Run:
    """Train the recipe as it is for large data, and fitted."""
    keys = {**ARMS[recipe], "threads": 1, "precision": options.precision}
    if options.quick:
        keys["least_steps"] = params.Train.model_validate(keys).least_steps // 10
    config, examples = params.Train.model_validate(keys), data.counts["train"]
    unsized = params.Train.model_validate({key: value for key, value in keys.items() if key != "epochs"})
    run: Run = {"recipe": recipe, "examples": examples}
    learner = catalogue.learner(data.kind, data.task)
    for arm, chosen in (("before", config), ("fitted", unsized.fitted(examples))):
        began = time.process_time()
        trained = fit(learner, data, chosen)
        seconds = time.process_time() - began
        module = learner.module(data, chosen)
        module.load_state_dict(trained.weights)
        run[arm] = {
            "batch_size": chosen.batch_size,
            "epochs": chosen.epochs,
            "steps": chosen.epochs * chosen.steps_an_epoch(examples),
            "cpu_s": seconds,
            "accuracy": accuracy(learner.serving(module), data),
        }
    return run


HEAD = (
    f"{'set':18} {'train':>6} {'recipe':10} {'baseline %':>10}   {'before: steps':>13} {'accuracy %':>10}   "
    f"{'fitted: batch':>13} {'epochs':>6} {'steps':>6} {'CPU s':>6} {'accuracy %':>10}"
)


def line(run: Run) -> str:
    """Return a row of the table."""
    before, fitted = run["before"], run["fitted"]
    return (
        f"{run['set']:18} {run['examples']:>6} {run['recipe']:10} {100 * run['baseline']:>10.1f}   "
        f"{before['steps']:>13} {100 * before['accuracy']:>10.1f}   {fitted['batch_size']:>13} {fitted['epochs']:>6} "
        f"{fitted['steps']:>6} {fitted['cpu_s']:>6.0f} {100 * fitted['accuracy']:>10.1f}"
    )


def garments(each: int, coloured: bool) -> Callable[[Path, Path], PreparedData]:
    """Return how to make a part of Fashion-MNIST with `each` pictures a class, 28 x 28 or painted on 32 x 32."""

    def make(folder: Path, prepared: Path) -> PreparedData:
        whole = open_prepared(prepared)
        pictures, labels = np.array(whole.inputs("train")), np.array(whole.labels("train"))
        test = np.array(whole.inputs("test")[:_TEST]), np.array(whole.labels("test")[:_TEST])
        splits = parted(pictures, labels, each, test)
        if coloured:
            splits = {name: (painted(some, seed), its) for seed, (name, (some, its)) in enumerate(splits.items())}
        return written(folder, splits, whole.classes)

    return make


def digits(each: int) -> Callable[[Path, Path], PreparedData]:
    """Return how to make a part of the digits with `each` pictures a class."""

    def make(folder: Path, _: Path) -> PreparedData:
        found = load_digits()
        order = np.random.default_rng(0).permutation(len(found.target))
        pictures = (found.images[order] * 255 / 16).astype(np.uint8)[..., None]
        labels = found.target[order].astype(np.int64)
        return written(
            folder, parted(pictures[:1200], labels[:1200], each, (pictures[1200:], labels[1200:])), "0123456789"
        )

    return make


def crops(each: int, classes: int) -> Callable[[Path, Path], PreparedData]:
    """Return how to make `classes` classes of `each` crops: each class is a strip of one of the two photographs."""

    def make(folder: Path, _: Path) -> PreparedData:
        photographs, random, strips = load_sample_images().images, np.random.default_rng(0), classes // 2
        count = each + _CROPS
        places = [(photographs[k // strips], k % strips) for k in range(classes) for _ in range(count)]
        pictures = np.array([crop(photograph, strip, strips, random) for photograph, strip in places])
        labels = np.repeat(np.arange(classes), count)
        trained = np.arange(len(labels)) % count < each
        splits = parted(pictures[trained], labels[trained], each, (pictures[~trained], labels[~trained]))
        return written(folder, splits, [f"strip {k}" for k in range(classes)])

    return make


SETS: dict[str, Callable[[Path, Path], PreparedData]] = {
    "digits-20": digits(20),
    "garments-20": garments(20, False),
    "garments-100": garments(100, False),
    "garments-400": garments(400, False),
    "colour-20": garments(20, True),
    "colour-100": garments(100, True),
    "colour-600": garments(600, True),
    "photographs-20": crops(20, 2),
    "photographs-200": crops(200, 2),
    "strips-20": crops(20, 10),
    "strips-100": crops(100, 10),
}


def parted(pictures: Pictures, labels: Labels, each: int, test: tuple[Pictures, Labels]) -> Any:
    """Return the splits: of `each` pictures a class three quarters to learn from, a tenth to validate by."""
    random = np.random.default_rng(0)
    chosen = [random.permutation(np.flatnonzero(labels == label))[:each] for label in np.unique(labels)]
    places = random.permutation(np.concatenate(chosen))
    first, second = (int(part * len(places)) for part in (0.75, 0.85))
    train, validation = places[:first], places[first:second]
    return {
        "train": (pictures[train], labels[train]),
        "validation": (pictures[validation], labels[validation]),
        "test": test,
    }


def painted(pictures: Pictures, seed: int) -> Pictures:
    """Return the grey pictures somewhere on 32 x 32 pixels, in one colour on a noisy ground that changes over."""
    random, count = np.random.default_rng(seed), len(pictures)
    shape, room = np.zeros((count, _SIDE, _SIDE, 1)), _SIDE - pictures.shape[1] + 1
    for picture, place, (top, left) in zip(pictures, shape, random.integers(0, room, (count, 2)), strict=True):
        place[top : top + picture.shape[0], left : left + picture.shape[1]] = picture / 255
    ink, ground, slope = (random.random((count, 1, 1, 3)) for _ in range(3))
    paper = ground + (0.6 * slope - 0.3) * np.linspace(-1, 1, _SIDE)[:, None, None]
    noise = 0.05 * random.normal(size=(count, _SIDE, _SIDE, 3))
    return (255 * (paper + (ink - ground) * shape + noise).clip(0, 1)).astype(np.uint8)


def crop(photograph: Pictures, strip: int, strips: int, random: np.random.Generator) -> Pictures:
    """Return a square of the photograph's vertical strip in 32 x 32 pixels, lighter or darker, in another tint."""
    height, width = photograph.shape[:2]
    left, right = width * strip // strips, width * (strip + 1) // strips
    side = int(random.integers(48, min(120, right - left)))
    top, start = random.integers(0, height - side), random.integers(left, right - side + 1)
    small = Image.fromarray(photograph[top : top + side, start : start + side]).resize((_SIDE, _SIDE))
    return (
        (np.asarray(small) * random.uniform(0.7, 1.3) + random.normal(scale=10, size=3)).clip(0, 255).astype(np.uint8)
    )


def written(folder: Path, splits: dict[str, tuple[Pictures, Labels]], classes: Any) -> PreparedData:
    """Write the splits as a prepared data set, and open it."""
    for name, (pictures, labels) in splits.items():
        np.save(folder / f"{name}_inputs.npy", pictures)
        np.save(folder / f"{name}_labels.npy", labels.astype(np.int64))
    height, width, channels = splits["train"][0].shape[1:]
    counts = {name: len(labels) for name, (_, labels) in splits.items()}
    write_about(folder, "image", list(classes), {"height": height, "width": width, "channels": channels}, counts)
    return open_prepared(folder)


if __name__ == "__main__":
    main()
