"""What the baseline of pictures reaches on the garments, and what it costs, there and on larger sets.

    python -m benchmarks.baseline [--quick] [--json FILE] [--prepared FOLDER]

On the prepared garments (`dvc repro prepare@garments`): its accuracy on the validation split, by which it was chosen,
and on the test split, and the CPU-seconds of training and asking, one thread. Then the CPU-seconds on generated sets of
more, larger or more sorts of pictures: noise, of which nothing can be learned, so that the regression takes its steps.
`--quick` measures once and leaves the generated sets out, which need 4 GB in the temporary folder.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from benchmarks import harness
from components.kinds.baseline import limit_threads
from components.kinds.image.evaluation.features import gradient_features
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.tasks.estimators import class_probabilities

CONFIG = Train(epochs=1, batch_size=1)
SETS = {  # training pictures, side, channels, classes
    "more pictures": (200_000, 28, 1, 10),
    "more classes": (100_000, 28, 1, 300),
    "larger, in colour": (22_000, 224, 3, 10),
}


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="the garments only, once")
    parser.add_argument("--prepared", type=Path, default=harness.PREPARED)
    options = parser.parse_args()
    figures = garments(open_prepared(options.prepared), 1 if options.quick else 3)
    for name, shape in {} if options.quick else SETS.items():
        figures[f"{name} {shape}, CPU-seconds"] = generated(*shape)
    harness.finish(figures, report, options.json)


def garments(data: PreparedData, repetitions: int) -> dict[str, Any]:
    """Return accuracy on both splits, and the CPU-seconds of each repetition."""
    found: dict[str, Any] = {"validation accuracy": accuracy(_Validated(data))}
    seconds = []
    for _ in range(repetitions):
        began = time.process_time()
        found["test accuracy"] = accuracy(data)
        seconds.append(round(time.process_time() - began, 1))
    return found | {"garments, CPU-seconds": statistics.median(seconds), "of": seconds}


def accuracy(data: PreparedData) -> float:
    """Return the baseline's accuracy."""
    return round(float((probabilities(data).argmax(axis=1) == data.labels("test")).mean()), 4)


def probabilities(data: PreparedData) -> NDArray[np.float32]:
    """Return the baseline's probabilities `[N, classes]` of the test pictures, as `evaluate` asks it, on one thread."""
    with limit_threads(CONFIG):
        return class_probabilities(gradient_features(data), len(data.classes), CONFIG.seed)


def generated(count: int, side: int, channels: int, classes: int) -> float:
    """Return the CPU-seconds that noise takes, with a thousand test pictures."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for split, size in {"train": count, "test": 1_000}.items():
            path = Path(folder) / f"{split}_inputs.npy"
            inputs = open_memmap(path, mode="w+", dtype=np.uint8, shape=(size, side, side, channels))
            for start in range(0, size, 1_000):
                part = inputs[start : start + 1_000]
                part[:] = random.integers(0, 256, part.shape, dtype=np.uint8)
            inputs.flush()
            np.save(Path(folder) / f"{split}_labels.npy", random.integers(0, classes, size))
        write_about(Path(folder), "image", [str(index) for index in range(classes)], {}, {})
        began = time.process_time()
        probabilities(open_prepared(Path(folder)))
        return round(time.process_time() - began, 1)


class _Validated(PreparedData):
    """The prepared data set with its validation split in place of the test split."""

    def __init__(self, data: PreparedData) -> None:
        super().__init__(data.path, data.kind, data.classes, data.input, data.counts, data.task)

    def array(self, split: Any, name: str) -> Any:
        return super().array("validation" if split == "test" else split, name)


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    for name, figure in figures.items():
        print(f"| {name} | {figure} |")


if __name__ == "__main__":
    main()
