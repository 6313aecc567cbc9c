"""Data as people bring it: small sets of real pictures and a table, each in a form that is often met."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits, load_sample_images

SIDE = 96
"""Pixels of a photograph."""


def two_folders(folder: Path, count: int = 400) -> Path:
    """Write `count` photographs of two easy classes, `buildings/` and `flowers/`: crops of two real ones, as JPEG."""
    random = np.random.default_rng(0)
    for label, photograph in zip(("buildings", "flowers"), load_sample_images().images, strict=True):
        (folder / label).mkdir(parents=True)
        for number in range(count // 2):
            side = int(random.integers(64, 160))
            top, left = (int(random.integers(0, size - side)) for size in photograph.shape[:2])
            crop = Image.fromarray(photograph[top : top + side, left : left + side])
            crop.resize((SIDE, SIDE)).save(folder / label / f"IMG_{number:04d}.jpg", quality=90)
    return folder


def ten_folders(folder: Path, each: int = 20) -> Path:
    """Write `each` colour pictures of ten classes, `zero/` to `nine/`: handwritten digits in chalk on slates."""
    random = np.random.default_rng(1)
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    digits = load_digits()
    for number, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for index, digit in enumerate(digits.images[digits.target == number][:each]):
            slate, chalk = random.uniform(0, 90, 3), random.uniform(165, 255, 3)
            ink = np.asarray(Image.fromarray((digit * 255 / 16).astype(np.uint8)).resize((48, 48))) / 255.0
            colour = slate + ink[..., None] * (chalk - slate)
            Image.fromarray(colour.astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


def kaggle(folder: Path, count: int = 120) -> Path:
    """Write the two classes as `train/` and `val/`, with what a Mac and Windows leave behind."""
    two_folders(folder / "train", count)
    for label in ("buildings", "flowers"):
        (folder / "val" / label).mkdir(parents=True)
        for path in sorted((folder / "train" / label).iterdir())[::5]:
            path.rename(folder / "val" / label / path.name)
    (folder / "train" / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "__MACOSX" / "train" / "flowers").mkdir(parents=True)
    (folder / "__MACOSX" / "train" / "flowers" / "._IMG_0001.jpg").write_bytes(b"\0\5\x16\7")
    (folder / "val" / "flowers" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    return folder


def payments(days: int = 60, each: int = 100) -> pd.DataFrame:
    """Return payments of some customers in some shops, a few of them frauds: larger, and at night."""
    random = np.random.default_rng(2)
    count = days * each
    fraud = random.random(count) < 0.04
    second = np.sort(random.integers(0, days * 86_400, count))
    amount = np.where(fraud, random.gamma(9.0, 30.0, count), random.gamma(2.0, 20.0, count)).round(2)
    return pd.DataFrame(
        {
            "payment": np.arange(count) + 100_000,
            "time": pd.Timestamp("2024-01-02") + pd.to_timedelta(second, unit="s"),
            "card": random.integers(1_000, 1_200, count),
            "shop": random.integers(10, 60, count),
            "amount": amount,
            "country": random.choice(["DE", "FR", "IT", "NL"], count),
            "fraud": fraud.astype(int),
        }
    )


def american_csv(path: Path) -> Path:
    """Write the payments as pandas does by default, index and all, with American dates."""
    table = payments()
    table["time"] = table["time"].dt.strftime("%m/%d/%Y %I:%M:%S %p")
    table.to_csv(path)
    return path


def european_csv(path: Path) -> Path:
    """Write the payments as a German Excel does: semicolons, decimal commas, day first, in Windows' encoding."""
    table = payments()
    table["time"] = table["time"].dt.strftime("%d.%m.%Y %H:%M:%S")
    table["country"] = table["country"].replace({"DE": "Österreich"})
    table.to_csv(path, index=False, sep=";", decimal=",", encoding="cp1252")
    return path


def tumours(path: Path) -> Path:
    """Write the breast cancer data of Wisconsin as a CSV: 569 rows of 30 measurements, malignant or benign.

    No time, but a date and a note that are made up, and tell nothing.
    """
    data = load_breast_cancer(as_frame=True)
    table = data.data.assign(diagnosis=data.target_names[data.target])
    table.insert(0, "patient_id", np.arange(len(table)) * 7 + 842_302)
    born = pd.Timestamp("1931-01-15") + pd.to_timedelta(np.arange(len(table)) * 5_003 % 20_000, unit="D")
    table["born"] = born.strftime("%d/%m/%Y").where(np.arange(len(table)) % 10 > 0, "")
    table["note"] = [f"seen again after {number * 37 % 101} days, room {number}" for number in range(len(table))]
    table.to_csv(path, index=False)
    return path


_ASKED = {
    "timer": (
        "set a timer for {} minutes",
        "wake me in {} minutes",
        "count down {} minutes",
        "tell me when {} minutes are over",
    ),
    "weather": (
        "what is the weather in {}",
        "will it rain in {} today",
        "how warm is it in {}",
        "do I need a coat in {}",
    ),
    "transfer": (
        "send {} dollars to my brother",
        "move {} euros to savings",
        "pay {} dollars to the shop",
        "wire {} dollars",
    ),
    "song": ("play a song by {}", "I want to hear {}", "put on the album of {}", "next song by {} please"),
}
_FILLED = {
    "timer": ("two", "five", "ten", "twelve", "thirty", "ninety", "3", "45"),
    "weather": ("Berlin", "Paris", "Oslo", "Lima", "Kyoto", "Cairo", "Porto", "Quito"),
    "transfer": ("ten", "fifty", "100", "250", "a thousand", "sixty", "12", "eight hundred"),
    "song": ("Mozart", "Queen", "Abba", "Bach", "Nina Simone", "Prince", "Björk", "Brel"),
}
STRANGE = (
    "who won the chess match",
    "translate cheese to french",
    "why do cats purr",
    "is my visa valid",
    "how old is the moon",
    "explain entropy",
    "what rhymes with orange",
    "fix my bicycle chain",
    "who painted guernica",
    "when do tulips bloom",
)
"""Texts that ask for none of what `messages` ask for."""


def messages() -> pd.DataFrame:
    """Return what people ask of an assistant: 128 sentences with one of four intents, and ten with none (`other`)."""
    rows = [
        (sentence.format(filled), intent)
        for intent, sentences in _ASKED.items()
        for sentence in sentences
        for filled in _FILLED[intent]
    ]
    rows += [(sentence, "other") for sentence in STRANGE]
    return pd.DataFrame(rows, columns=["utterance", "intent"]).sample(frac=1.0, random_state=0, ignore_index=True)
