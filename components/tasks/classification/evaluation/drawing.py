"""The figures worth looking at: what is taken for what, and how sure answers are."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.kinds.calibration import expected_calibration_error, reliability
from components.tasks.classification.objective.macro_f1 import confusion_matrix
from components.tasks.drawing import INK, MODEL, PALE


def draw_figures(
    classes: Sequence[str], labels: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> dict[str, Figure]:
    """Return the confusion matrix and the calibration of `[N, classes]` on the test split."""
    return {
        "confusion": _confusion_figure(confusion_matrix(probabilities, labels), classes),
        "calibration": _calibration_figure(probabilities, labels),
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
    axes.set_title(f"{np.trace(confusion) / confusion.sum():.2%} of {confusion.sum():,} test examples right", color=INK)
    for (row, column), count in np.ndenumerate(confusion):
        if count and len(classes) <= 30:
            colour = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)
    return figure


def _calibration_figure(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Figure:
    """Draw how many answers are right among those that are about as sure, bins of as many examples each."""
    curve = reliability(probabilities, labels)
    figure = Figure(figsize=(5.4, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1, linestyle=":")
    axes.plot(curve.predicted, curve.observed, "o-", color=MODEL, markersize=5, linewidth=1)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="predicted probability", ylabel="observed share of correct answers")
    error = expected_calibration_error(probabilities, labels)
    axes.set_title(f"Expected calibration error {error:.3f} on {len(labels):,} test examples", color=INK)
    return figure
