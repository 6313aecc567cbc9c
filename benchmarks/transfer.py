"""Accuracy and CPU seconds of a pretrained network on few colour pictures, beside the recipe `quick`.

    python -m benchmarks.transfer [--sets NAMES] [--arms NAMES] [--folder DIR --each 20,100] [--seeds N] [--json FILE]
                                  [--quick]

The sets are those of benchmarks/small_data.py. `--folder` takes pictures of one's own instead, one folder a label:
`--each` pictures of a label to learn from and validate by, all others to test. An arm is `quick`, or `transfer` with
what it tunes. One thread, 32 bit. `--quick` takes twenty pictures a class, one arm, and a tenth of the steps.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import save_file

from benchmarks import harness
from benchmarks.small_data import SETS, parted, written
from components import catalogue
from components.config.backbone import read_backbone
from components.data.pretrained import fetch_tensors
from components.internals.lightning import quiet
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData, open_prepared
from components.system.files import write_json
from components.training.loop import fit
from components.training.restore import restored
from components.training.temperature import raw

BACKBONE = "efficientnet-lite0"
ARMS: dict[str, dict[str, Any]] = {
    "quick": {"recipe": "quick"},
    **{f"transfer-{tune}": {"recipe": "transfer", "tune": tune} for tune in ("head", "last", "all")},
}
_SIDE = 128  # pixels of pictures of one's own
Make = Callable[[Path, Path], PreparedData]


def main() -> None:
    """Train each arm on each set, and print the table."""
    parser = harness.parser(__doc__, quick="one set and arm, a tenth of the steps")
    parser.add_argument("--sets", default="strips-20,strips-100", help="default: %(default)s")
    parser.add_argument("--arms", default="quick,transfer-head,transfer-last", help="default: %(default)s")
    parser.add_argument("--folder", type=Path, help="pictures of one's own, one folder a label")
    parser.add_argument("--each", default="20,100", help="of a label in --folder; default: %(default)s")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    if options.quick:
        options.sets, options.arms, options.each = "strips-20", "transfer-head", "20"
    quiet()
    torch.set_num_threads(1)
    runs = []
    print(f"{harness.machine()}\n{'set':20} {'arm':15} {'train':>6} {'steps':>6} {'CPU s':>6} {'accuracy %':>10}")
    with tempfile.TemporaryDirectory() as folder:
        backbone = fetched(Path(folder) / "backbone")
        for name, make in chosen_sets(options):
            for run in measured(name, make, backbone, options):
                runs.append(run)
                print(line(run), flush=True)
    harness.finish({"runs": runs}, lambda _: None, options.json)


def fetched(folder: Path) -> Path:
    """Write the backbone as the stage `backbone` does, and return the folder."""
    described = read_backbone(BACKBONE)
    folder.mkdir()
    save_file(fetch_tensors(BACKBONE, described), folder / "model.safetensors")
    write_json(folder / "backbone.json", described.model_dump(exclude={"sources"}))
    return folder


def chosen_sets(options: argparse.Namespace) -> Iterator[tuple[str, Make]]:
    """Yield each set by its name."""
    if options.folder is None:
        yield from ((name, SETS[name]) for name in options.sets.split(","))
        return
    for each in map(int, options.each.split(",")):
        yield f"{options.folder.name}-{each}", partial(own, options.folder, each)


def own(source: Path, each: int, folder: Path, _: Path) -> PreparedData:
    """Write a set of `each` pictures a label from a folder of pictures."""
    names = sorted(path.name for path in source.iterdir() if path.is_dir())
    files = [sorted(path for path in (source / name).iterdir() if path.is_file()) for name in names]
    pictures = np.stack([picture(file) for some in files for file in some])
    labels = np.repeat(np.arange(len(names)), [len(some) for some in files])
    random = np.random.default_rng(0)
    kept = np.concatenate([random.permutation(np.flatnonzero(labels == k))[:each] for k in range(len(names))])
    others = np.setdiff1d(np.arange(len(labels)), kept)
    return written(folder, parted(pictures[kept], labels[kept], each, (pictures[others], labels[others])), names)


def picture(file: Path) -> np.ndarray:
    """Return the picture in colour, in 128 x 128 pixels."""
    with Image.open(file) as opened:
        return np.asarray(ImageOps.fit(opened.convert("RGB"), (_SIDE, _SIDE), Image.Resampling.BILINEAR))


def measured(name: str, make: Make, backbone: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield what each arm comes to on the set."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), harness.PREPARED)
        data = open_prepared(Path(folder), backbone)
        for arm in options.arms.split(","):
            yield {"set": name, "arm": arm, **over_seeds(arm, data, options)}


def over_seeds(arm: str, data: PreparedData, options: argparse.Namespace) -> dict[str, Any]:
    """Return the mean over the seeds."""
    runs = [single_run(arm, data, seed, options.quick) for seed in range(options.seeds)]
    return {key: statistics.mean(run[key] for run in runs) for key in runs[0]} | {"runs": runs}


def single_run(arm: str, data: PreparedData, seed: int, quick: bool) -> dict[str, float]:
    """Train the arm, and return examples, steps, CPU seconds and accuracy on the test split."""
    keys = {**ARMS[arm], "threads": 1, "precision": "32-true", "seed": seed}
    if quick:
        keys["least_steps"] = 30
    examples = data.counts["train"]
    config = Train.model_validate(keys).fitted(examples)
    learner = catalogue.learner(data.kind, data.task)
    began = time.process_time()
    trained = fit(learner, data, config)
    seconds = time.process_time() - began
    numbers = raw(learner, restored(learner, data, config, trained.weights), data.inputs("test"))
    accuracy = float((numbers.argmax(axis=1) == data.labels("test")).mean())
    steps = config.epochs * config.steps_an_epoch(examples)
    return {"examples": examples, "steps": steps, "cpu_s": seconds, "accuracy": accuracy}


def line(run: dict[str, Any]) -> str:
    """Return a row of the table."""
    return (
        f"{run['set']:20} {run['arm']:15} {run['examples']:>6.0f} {run['steps']:>6.0f} {run['cpu_s']:>6.0f} "
        f"{100 * run['accuracy']:>10.1f}"
    )


if __name__ == "__main__":
    main()
