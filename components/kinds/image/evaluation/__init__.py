"""What is known of evaluating a model of pictures: simple features, figures, robustness, behaviour, leaks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Behaviour, Corruption, Leak
from components.kinds.image.codec.input import Input
from components.kinds.image.evaluation.behaviour import try_behaviours
from components.kinds.image.evaluation.corruption import CORRUPTIONS
from components.kinds.image.evaluation.features import gradient_features
from components.kinds.image.evaluation.leak import find_leaks
from components.kinds.plain import costs as costs
from components.kinds.plain import ranked as ranked
from components.kinds.prepared import PreparedData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.kinds.contract import Evaluated
    from components.kinds.image.params import Train


def accepts(input: Input, data: PreparedData[Input]) -> bool:
    """Return whether the pictures have the size and the channels that a bundle with this description takes."""
    return all(input[side] == data.input[side] for side in ("height", "width", "channels"))


def baseline_features(data: PreparedData[Input], config: "Train") -> BaselineFeatures:
    """Return histograms of gradients."""
    return gradient_features(data)


def figures(
    data: PreparedData[Input], answers: Sequence[str], labels: Sequence[str], wrong: NDArray[np.floating]
) -> "dict[str, Figure]":
    """Return some pictures with their answers, and the worst mistakes."""
    from components.kinds.image.evaluation.drawing import draw_pictures  # matplotlib is for who needs it

    return draw_pictures(data, answers, labels, wrong)


def heat_figures(
    data: PreparedData[Input], suspicion: NDArray[np.floating], heat: NDArray[np.floating]
) -> "dict[str, Figure]":
    """Return the most suspicious test pictures, and where in them something is unusual."""
    from components.kinds.image.evaluation.drawing import draw_heat

    return draw_heat(data, suspicion, heat)


def corruptions(data: PreparedData[Input], config: "Train") -> Mapping[str, Corruption]:
    """Return what may happen to a picture before it is seen."""
    return CORRUPTIONS


def behaviours(data: PreparedData[Input], model: "Evaluated", config: "Train") -> list[Behaviour]:
    """Return how often the model does what any model of pictures should."""
    return try_behaviours(data, model, config.flip)


def leaks(data: PreparedData[Input], config: "Train") -> list[Leak]:
    """Return the test pictures that stand in the training split, the same or nearly."""
    return find_leaks(data)
