"""Small sets of real data, scikit-learn's, as a user has them: a table, or a folder of pictures; one for every pair.

Each function writes a source to a folder and returns the workload's section of `params.yaml`. The seed is in the names
of the records, by which they are split, so that every seed has splits of its own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

Section = dict[str, Any]
Floats = NDArray[np.float64]

SIDE = 16
"""Pixels to which the digits, 8 x 8, are brought."""
_ODD = "8"  # the digit that is found, or that is rare
_RARE = 10  # ordinary ones for each rare one


def wine(folder: Path, seed: int) -> Section:
    """Return 178 wines of three cultivars."""
    found = load_wine(as_frame=True)
    frame = found.frame.assign(target=found.target.map(lambda index: f"cultivar {index}"))
    return _table(folder, frame, seed, "classification")


def digits(folder: Path, seed: int) -> Section:
    """Return 1,797 digits, each pixel a column."""
    found = load_digits(as_frame=True)
    return _table(
        folder, found.frame.assign(target=[f"digit {digit}" for digit in found.target]), seed, "classification"
    )


def tumours(folder: Path, seed: int) -> Section:
    """Return 569 tumours, of which the malignant ones are to be found."""
    return _table(folder, _tumours(), seed, "detection", positive="malignant")


def patients(folder: Path, seed: int) -> Section:
    """Return 442 patients, and how far their diabetes went on in a year."""
    return _table(folder, load_diabetes(as_frame=True, scaled=False).frame, seed, "regression")


def unlabelled_tumours(folder: Path, seed: int) -> Section:
    """Return the tumours, to be told apart without the diagnosis, which judges alone."""
    return _table(folder, _tumours(), seed, "anomaly", positive="malignant")


def rare_tumours(folder: Path, seed: int) -> Section:
    """Return the benign tumours and a few malignant ones, other ones for each seed; two fifths are the test split."""
    frame, random = _tumours(), np.random.default_rng(seed)
    kept = np.sort(_few(np.asarray(frame["target"] == "malignant"), random))
    section = _table(folder, frame.iloc[kept].reset_index(drop=True), seed, "anomaly", positive="malignant")
    section["prepare"]["split"] = {"train": 0.5, "validation": 0.1, "test": 0.4}
    return section


def digit_pictures(folder: Path, seed: int) -> Section:
    """Return the digits as pictures."""
    found = load_digits()
    return _pictures(folder, found.images, [f"digit {digit}" for digit in found.target], seed, "classification")


def a_digit(folder: Path, seed: int) -> Section:
    """Return the digits as pictures, one of which is to be found."""
    found = load_digits()
    labels = ["eight" if str(digit) == _ODD else "another" for digit in found.target]
    return _pictures(folder, found.images, labels, seed, "detection", positive="eight")


def widths(folder: Path, seed: int) -> Section:
    """Return the digits as pictures, and how wide each is: the standard deviation of its ink across, in pixels."""
    images = load_digits().images
    ink, across = images.sum(axis=1), np.arange(images.shape[2])
    total = ink.sum(axis=1)
    middle = (ink * across).sum(axis=1) / total
    width = np.sqrt((ink * (across - middle[:, None]) ** 2).sum(axis=1) / total)
    return _pictures(folder, images, [f"{value:.6f}" for value in width], seed, "regression")


def odd_digits(folder: Path, seed: int) -> Section:
    """Return zeros as pictures, and a few eights among them, others for each seed; two fifths are the test split."""
    found = load_digits()
    chosen = np.flatnonzero(np.isin(found.target, [0, int(_ODD)]))
    kept = chosen[np.sort(_few(found.target[chosen] == int(_ODD), np.random.default_rng(seed)))]
    labels = ["eight" if str(digit) == _ODD else "zero" for digit in found.target[kept]]
    section = _pictures(folder, found.images[kept], labels, seed, "anomaly", positive="eight")
    section["prepare"] |= {"test": 0.4, "validation": 0.1}
    return section


PAIRS: dict[str, Callable[[Path, int], Section]] = {
    "table, classification: wine": wine,
    "table, classification: digits": digits,
    "table, detection: tumours": tumours,
    "table, regression: diabetes": patients,
    "table, anomaly: tumours": unlabelled_tumours,
    "table, anomaly: rare tumours": rare_tumours,
    "pictures, classification: digits": digit_pictures,
    "pictures, detection: an eight": a_digit,
    "pictures, regression: width": widths,
    "pictures, anomaly: rare eights": odd_digits,
}
"""Every pair of kind and task, by name."""


def _tumours() -> pd.DataFrame:
    found = load_breast_cancer(as_frame=True)
    return found.frame.assign(target=found.target.map({0: "malignant", 1: "benign"}))


def _few(odd: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.int64]:
    """Return the indices of all that are not odd, and of a tenth as many that are."""
    ordinary = np.flatnonzero(~odd)
    return np.concatenate([ordinary, random.permutation(np.flatnonzero(odd))[: len(ordinary) // _RARE]])


def _table(folder: Path, frame: pd.DataFrame, seed: int, task: str, **columns: str) -> Section:
    source = folder / "table.csv"
    frame.assign(record=[f"{seed}-{row}" for row in range(len(frame))]).to_csv(source, index=False)
    named = {"label": "target", "id": "record", **columns}
    return {"kind": "table", "source": str(source), "task": task, "prepare": {"columns": named}, "train": {}}


def _pictures(folder: Path, images: Floats, labels: list[str], seed: int, task: str, **prepare: str) -> Section:
    source = folder / "pictures"
    source.mkdir()
    rows = []
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        Image.fromarray((image * 255 / 16).astype(np.uint8)).save(source / f"{number}.png")
        rows.append({"file": f"{number}.png", "label": label, "record": f"{seed}-{number}"})
    pd.DataFrame(rows).to_csv(source / "labels.csv", index=False)
    keys = {"size": SIDE, "channels": 1, "labels": "labels.csv:label", "group": "record", **prepare}
    return {"kind": "image", "source": str(source), "task": task, "prepare": keys, "train": {"flip": False}}
