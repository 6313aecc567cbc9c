"""Which of the labels that were made wrong are found, and what putting them right is worth.

    python -m benchmarks.wrong_labels [--sets WORDS] [--seeds N] [--data DIR] [--quick] [--json FILE]

One label in twenty is made wrong, in every split: *uniform*, by any other class; *pair*, by the next one, as two sorts
that are easily taken for each other are; of two classes *pair* hides one in twenty of the rare ones. Sets are
scikit-learn's digits, as pictures and as a table, its tumours, an eight among other digits (one in ten), and a fifth of
Fashion-MNIST, if it is prepared.

The list is that of `flows.suspects` without a cross-validation: precision and recall, and the area under the
precision-recall curve (AUPRC) of all examples ranked by self-confidence, as it ranks them; beside it by the normalized
margin, by the self-confidence of the network that has learned from these labels, and at random. Then what decides
the task, accuracy or average precision, on the true labels of the test split: learned from the wrong labels, from
those that are left once a person has put the list right, and from the true ones. `--quick` takes the tumours, one seed
and few steps.
"""

import argparse
import contextlib
import io
import json
import shutil
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from benchmarks import harness
from benchmarks.fraud import silence
from benchmarks.pairs import Split, prepared
from components import catalogue
from components.config import params
from components.kinds.image import params as image
from components.kinds.prepared import SPLITS, PreparedData, open_prepared
from components.kinds.resplit import all_examples
from components.relabelling.confident import confident
from components.relabelling.out_of_fold import simple_probabilities
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import temperature_and_decision

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
Row = dict[str, Any]

SHARE = 0.05
SETS = {
    "digits, pictures": "pictures, classification: digits",
    "digits, table": "table, classification: digits",
    "tumours, table": "table, detection: tumours",
    "an eight, pictures": "pictures, detection: an eight",
}
GARMENTS, PART = "garments, 14,000", 5
FIGURES = ("precision", "recall", "auprc", "margin", "network", "random", "wrong", "corrected", "true")


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="the tumours, one seed, few steps")
    parser.add_argument("--sets", nargs="*", default=[""], help="words of the sets' names")
    parser.add_argument("--seeds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared garments")
    options = parser.parse_args()
    silence()
    torch.set_num_threads(1)
    names = ["tumours, table"] if options.quick else [*SETS, *([GARMENTS] if options.data.exists() else [])]
    rows = []
    for name in names:
        if any(word in name for word in options.sets):
            rows += _measured(name, options)
    harness.finish({"rows": rows}, report, options.json)


def _measured(name: str, options: argparse.Namespace) -> list[Row]:
    rows = []
    for way in ("uniform", "pair"):
        runs = []
        for seed in range(1 if options.quick else options.seeds):
            with tempfile.TemporaryDirectory() as folder:
                split = _split(name, Path(folder) / "set", seed, options)
                runs.append(run(split, way, seed, Path(folder)))
        means = {figure: statistics.fmean(each[figure] for each in runs) for figure in FIGURES}
        rows.append({"set": name, "wrong by": way, **means, "runs": runs})
        print(line(rows[-1]), flush=True)
    return rows


def _split(name: str, folder: Path, seed: int, options: argparse.Namespace) -> Split:
    folder.mkdir()
    if name != GARMENTS:
        return prepared(SETS[name], folder, seed, options.quick)
    whole, random = open_prepared(options.data), np.random.default_rng(seed)
    counts = {}
    for split in SPLITS:
        chosen = np.sort(random.permutation(whole.counts[split])[: whole.counts[split] // PART])
        counts[split] = len(chosen)
        for array in ("inputs", "labels"):
            np.save(folder / f"{split}_{array}.npy", np.asarray(whole.array(split, array)[chosen]))
    about = json.loads((options.data / "prepared.json").read_text())
    (folder / "prepared.json").write_text(json.dumps({**about, "counts": counts}))
    section = {
        "kind": "image",
        "source": "garments",
        "prepare": {},
        "train": {"recipe": "quick", "threads": 1, "seed": seed},
    }
    return Split(open_prepared(folder), params.parse(image.Workload, section, ""))


def run(split: Split, way: str, seed: int, folder: Path) -> Row:
    """Return the figures of one draw of wrong labels."""
    data, true = split.data, all_examples(split.data, "labels")
    given = made_wrong(true, len(data.classes), way, np.random.default_rng(seed))
    wrong = given != true
    wronged = with_labels(data, given, folder / "wrong")
    evaluation = catalogue.evaluation(data.kind, data.task)
    every = np.arange(len(true))
    out_of_fold = simple_probabilities(wronged, every, given, evaluation, split.workload)
    judged = confident(out_of_fold, given)
    listed = judged.likely >= 0
    left = with_labels(data, np.where(listed, true, given), folder / "left")
    network, of_wrong = answered(replace(split, data=wronged), data)
    return {
        "examples": len(true),
        "made wrong": int(wrong.sum()),
        "listed": int(listed.sum()),
        "estimated": judged.wrong,
        "precision": float(wrong[listed].mean()) if listed.any() else 0.0,
        "recall": float(listed[wrong].mean()),
        "auprc": float(average_precision_score(wrong, -judged.confidence)),
        "margin": float(average_precision_score(wrong, -margin(out_of_fold, given))),
        "network": float(average_precision_score(wrong, -network[every, given])),
        "random": float(wrong.mean()),
        "wrong": of_wrong,
        "corrected": answered(replace(split, data=left), data)[1],
        "true": answered(split, data)[1],
    }


def made_wrong(labels: Labels, classes: int, way: str, random: np.random.Generator) -> Labels:
    """Return the labels, one in twenty of them another class."""
    chosen = random.random(len(labels)) < SHARE
    if way == "uniform":
        return np.where(chosen, (labels + random.integers(1, classes, len(labels))) % classes, labels)
    if classes == 2:
        return np.where(chosen & (labels == 1), 0, labels)
    return np.where(chosen, (labels + 1) % classes, labels)


def with_labels(data: PreparedData, labels: Labels, folder: Path) -> PreparedData:
    """Return a copy of the data set that has these labels."""
    shutil.copytree(data.path, folder)
    ends = np.cumsum([data.counts[split] for split in SPLITS])
    for split, part in zip(SPLITS, np.split(labels, ends[:-1]), strict=True):
        np.save(folder / f"{split}_labels.npy", part)
    return open_prepared(folder)


def margin(probabilities: Floats, labels: Labels) -> Floats:
    """Return the probability of each label less that of the most probable other class."""
    every = np.arange(len(labels))
    others = probabilities.copy()
    others[every, labels] = -np.inf
    found: Floats = probabilities[every, labels] - others.max(axis=1)
    return found


def answered(split: Split, judged: PreparedData) -> tuple[Floats, float]:
    """Return what the network that learns from `split` answers, `[N, K]`, and the metric on the labels of `judged`."""
    learner, data, config = catalogue.learner(split.data.kind, split.data.task), split.data, split.train
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        module = restored(learner, data, config, train_models(learner, data, config).weights)
    temperature, decision = temperature_and_decision(learner, module, data, config)
    serving = learner.serving(module, temperature)
    inputs = all_examples(data, "inputs")
    with torch.inference_mode():
        parts = [serving(torch.from_numpy(inputs[at : at + 500]))[0].numpy() for at in range(0, len(inputs), 500)]
    outputs = np.concatenate(parts)
    tested = outputs[-data.counts["test"] :]
    evaluation = catalogue.evaluation(data.kind, data.task)
    value = evaluation.value(judged, tested, decision, config, np.arange(len(tested)))
    return outputs.astype(np.float64), value


def report(figures: Mapping[str, Any]) -> None:
    """Print the table again, whole, and the machine."""
    print(f"\n{figures['machine']}\n")
    print("| set | wrong by | list: precision | recall | AUPRC | by the margin | by the network | at random |", end="")
    print(" learned from wrong labels | once the list is put right | from true ones |\n" + "|---" * 11 + "|")
    for row in figures["rows"]:
        print(line(row))


def line(row: Row) -> str:
    """Return a row of the table."""
    return " | ".join([f"| {row['set']} | {row['wrong by']}", *(f"{row[figure]:.3f}" for figure in FIGURES)]) + " |"


if __name__ == "__main__":
    main()
