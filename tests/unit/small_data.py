"""Small prepared data sets of any kind and task, with splits that were drawn."""

from pathlib import Path
from typing import Any

import numpy as np

from components.kinds.prepared import SPLITS, PreparedData, open_prepared, write_about
from components.kinds.text.codec.characters import encoded

TABLE = {
    "features": ["size", "colour"],
    "definition": {"numbers": ["size"], "categories": {"colour": ["blue", "red"]}, "entities": []},
    "label_features": [],
    "typical": [1.0, 0.0],
    "amount_feature": None,
    "split_by": "content",
}
TEXTS = {"length": 64, "words": 24}
PICTURES = {"height": 8, "width": 8, "channels": 1, "background": 255}
INPUTS: dict[str, dict[str, Any]] = {"table": TABLE, "image": PICTURES, "text": TEXTS}
CLASSES = {
    "classification": ["a", "b", "c"],
    "detection": ["fine", "odd"],
    "anomaly": ["fine", "odd"],
    "regression": [],
}


def small_data(
    folder: Path, kind: str = "table", task: str = "classification", count: int = 60, seed: int = 0
) -> PreparedData:
    """Write a data set whose labels can be learned, a fifth each for validation and test, and return it."""
    random = np.random.default_rng(seed)
    size = random.gamma(2.0, 2.0, count)
    folder.mkdir(parents=True, exist_ok=True)
    inputs = np.column_stack([size, random.integers(0, 3, count)]).astype(np.float32)
    if kind == "image":
        shades = np.clip(size * 20, 0, 200)[:, None, None, None] + random.integers(0, 50, (count, 8, 8, 1))
        inputs = shades.astype(np.uint8)
    if kind == "text":
        inputs = encoded(
            [f"about {number:.0f} of {'cups' if blue else 'mugs'}" for number, blue in inputs], TEXTS["length"]
        )
    classes = len(CLASSES[task])
    labels: Any = 10 * size + random.normal(0, 2, count)
    if classes:
        labels = np.searchsorted(np.quantile(size, np.arange(1, classes) / classes), size).astype(np.int64)
    keys = random.permutation(2**40 + np.arange(count)).astype(np.uint64)
    split = np.repeat(SPLITS, [count - 2 * (count // 5), count // 5, count // 5])
    for name in SPLITS:
        for array, values in (("inputs", inputs), ("labels", labels), ("keys", keys)):
            np.save(folder / f"{name}_{array}.npy", values[split == name])
    counts = {name: int((split == name).sum()) for name in SPLITS}
    write_about(folder, kind, CLASSES[task], INPUTS[kind], counts, task)
    return open_prepared(folder)
