"""What a model of pictures is evaluated for: metrics beside a baseline's, slices, robustness, behaviour, leaks."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.baseline import prefixed
from components.kinds.evaluation import Behaviour, Corruption, Leak, Mask
from components.kinds.image.codec.input import Decision, Input
from components.kinds.image.evaluation.baseline import baseline
from components.kinds.image.evaluation.behaviour import try_behaviours
from components.kinds.image.evaluation.corruption import CORRUPTIONS
from components.kinds.image.evaluation.figures import draw_figures
from components.kinds.image.evaluation.leak import find_leaks
from components.kinds.image.evaluation.metrics import answer_metrics
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.slices import class_slices, read_slices

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.kinds.contract import Score
    from components.kinds.image.params import Train

Float32 = NDArray[np.float32]


def measure(data: PreparedData[Input], probabilities: Float32, decision: Decision, config: "Train") -> dict[str, float]:
    """Return the measures of `probabilities`, `[N, classes]`, on the test split, and the baseline's beside them."""
    labels = np.asarray(data.labels("test"))
    return answer_metrics(probabilities, labels) | prefixed(answer_metrics(_baseline(data.path, config), labels))


def measures(
    data: PreparedData[Input], probabilities: Float32, decision: Decision, config: "Train", indices: NDArray[np.int64]
) -> dict[str, float]:
    """Return the measures on the test pictures at `indices`.

    The expected calibration error is left out: pictures that are drawn twice make it larger. The mean of the classes'
    F1 scores is not a number where a class of the test split is missing: it would be the mean of other classes.
    """
    labels = np.asarray(data.labels("test"))
    found = answer_metrics(probabilities[indices], labels[indices])
    if len(np.unique(labels[indices])) < len(np.unique(labels)):
        found["macro_f1"] = float("nan")
    return {name: value for name, value in found.items() if name != "expected_calibration_error"}


def figures(
    data: PreparedData[Input], probabilities: Float32, decision: Decision, config: "Train"
) -> "dict[str, Figure]":
    """Return the confusion matrix, the calibration, a picture of each class, and the worst mistakes."""
    return draw_figures(data, probabilities)


def accepts(input: Input, data: PreparedData[Input]) -> bool:
    """Return whether the pictures have the size and the channels that a bundle with this description takes."""
    return all(input[side] == data.input[side] for side in ("height", "width", "channels"))


def correct(data: PreparedData[Input], probabilities: Float32, decision: Decision) -> Mask:
    """Return which test pictures are named rightly, `[N]`: accuracy is their share."""
    answers: Mask = probabilities.argmax(axis=1) == data.labels("test")
    return answers


def value(
    data: PreparedData[Input], probabilities: Float32, decision: Decision, config: "Train", indices: NDArray[np.int64]
) -> float:
    """Return the accuracy on the test pictures at `indices`."""
    return float(correct(data, probabilities, decision)[indices].mean())


def slices(data: PreparedData[Input]) -> dict[str, Mask]:
    """Return the classes, and what `prepare.slices` names."""
    return class_slices(data) | read_slices(data)


def slice_correct(data: PreparedData[Input], probabilities: Float32, decision: Decision, within: NDArray[Any]) -> Mask:
    """Return which test pictures are named rightly, `[N]`: a slice is judged by its accuracy, a class by its recall."""
    return correct(data, probabilities, decision)


def is_probabilistic(config: "Train") -> bool:
    """Return whether the answers are probabilities: they are."""
    return True


def corruptions(data: PreparedData[Input], config: "Train") -> Mapping[str, Corruption]:
    """Return what may happen to a picture before it is seen."""
    return CORRUPTIONS


def behaviours(data: PreparedData[Input], score: "Score", decision: Decision, config: "Train") -> list[Behaviour]:
    """Return how often the model does what any model of pictures should."""
    return try_behaviours(data, score, config.flip)


def leaks(data: PreparedData[Input], config: "Train") -> list[Leak]:
    """Return the test pictures that stand in the training split, the same or nearly."""
    return find_leaks(data)


@lru_cache(maxsize=1)
def _baseline(path: Path, config: "Train") -> Float32:
    """Return the baseline's probabilities on the data set at `path`, trained once for every bundle that is measured."""
    return baseline(open_prepared(path), config)
