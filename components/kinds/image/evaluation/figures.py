"""The figures worth looking at: what is taken for what, how sure answers are, some pictures, the worst mistakes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.kinds.calibration import expected_calibration_error, reliability
from components.kinds.image.evaluation.metrics import confusion_matrix
from components.kinds.prepared import PreparedData

_INK = "#1f2933"
_PALE = "#8a94a6"
_RIGHT, _WRONG = "#2b6cb0", "#c05621"


def draw_figures(data: PreparedData, probabilities: NDArray[np.float32]) -> dict[str, Figure]:
    """Return the confusion matrix, the calibration, a picture of each class with its answer, and the worst mistakes."""
    labels = np.asarray(data.labels("test"))
    first = np.array([np.flatnonzero(labels == index)[0] for index in range(len(data.classes)) if index in labels])
    confidence = probabilities.max(axis=1)
    mistakes = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    worst = mistakes[np.argsort(-confidence[mistakes], kind="stable")][:20]
    return {
        "confusion": _confusion_figure(confusion_matrix(probabilities, labels), data.classes),
        "calibration": _calibration_figure(probabilities, labels),
        "samples": _pictures_figure("One picture of each class", data, probabilities, first),
        "worst_mistakes": _pictures_figure("The mistakes it was surest of", data, probabilities, worst),
    }


def _confusion_figure(confusion: NDArray[np.int64], classes: Sequence[str]) -> Figure:
    """Draw the share of each row, so that classes of different sizes can be compared."""
    side = max(5.0, 0.62 * len(classes) + 2.0)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("answered")
    axes.set_ylabel("is")
    axes.set_title(
        f"{np.trace(confusion) / confusion.sum():.2%} of {confusion.sum():,} test pictures right", color=_INK
    )
    for (row, column), count in np.ndenumerate(confusion):
        if count and len(classes) <= 30:
            colour = "white" if shares[row, column] > 0.5 else _INK
            axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)
    return figure


def _calibration_figure(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Figure:
    """Draw how many answers are right among those that are about as sure, bins of as many pictures each."""
    curve = reliability(probabilities, labels)
    figure = Figure(figsize=(5.4, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=_PALE, linewidth=1, linestyle=":")
    axes.plot(curve.predicted, curve.observed, "o-", color=_RIGHT, markersize=5, linewidth=1)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="predicted probability", ylabel="observed share of correct answers")
    error = expected_calibration_error(probabilities, labels)
    axes.set_title(f"Expected calibration error {error:.3f} on {len(labels):,} test pictures", color=_INK)
    return figure


def _pictures_figure(
    title: str, data: PreparedData, probabilities: NDArray[np.float32], indices: NDArray[np.int64]
) -> Figure:
    columns = 5
    rows = max(1, -(-len(indices) // columns))
    figure = Figure(figsize=(2.0 * columns, 2.45 * rows + 0.4), layout="constrained")
    figure.suptitle(title, color=_INK)
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.axis("off")
    for axes, index in zip(figure.axes, indices, strict=False):
        _picture(axes, data, probabilities[index], int(index))
    return figure


def _picture(axes: Axes, data: PreparedData, probabilities: NDArray[np.float32], index: int) -> None:
    picture, label = data.inputs("test")[index], int(data.labels("test")[index])
    answer = int(probabilities.argmax())
    axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    verdict = f"{data.classes[answer]} {probabilities[answer]:.0%}"
    title = verdict if answer == label else f"{verdict}\nis {data.classes[label]}"
    axes.set_title(title, fontsize=9, color=_RIGHT if answer == label else _WRONG)
