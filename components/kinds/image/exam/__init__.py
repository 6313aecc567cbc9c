"""What a model of pictures is measured by, with a baseline beside it, and the figures worth looking at."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.kinds.baseline import beside
from components.kinds.image.exam.baseline import baseline
from components.kinds.prepared import PreparedData, open_prepared

if TYPE_CHECKING:
    from components.kinds.image.params import Train

_INK = "#1f2933"
_RIGHT, _WRONG = "#2b6cb0", "#c05621"


def measure(
    data: PreparedData, probabilities: NDArray[np.float32], decision: Mapping[str, float], config: "Train"
) -> dict[str, float]:
    """Return the measures of `probabilities`, `[N, classes]`, on the test split, and the baseline's beside them."""
    labels = np.asarray(data.labels("test"))
    return measures(probabilities, labels) | beside(measures(_baseline(data.path, config), labels))


@lru_cache(maxsize=1)
def _baseline(path: Path, config: "Train") -> NDArray[np.float32]:
    """Return the baseline's probabilities on the data set at `path`, taught once for every bundle that is measured."""
    return baseline(open_prepared(path), config)


def measures(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Return accuracy, the mean of the classes' F1 scores, and the mean negative log likelihood in nats.

    Args:
        probabilities: `[N, classes]`.
        labels: `[N]`, each an index of a class.
    """
    confusion = confusion_matrix(probabilities, labels)
    hits = confusion.diagonal()
    f1 = 2 * hits / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    present = confusion.sum(axis=1) > 0
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return {
        "accuracy": float(hits.sum() / len(labels)),
        "macro_f1": float(f1[present].mean()),
        "log_loss": float(-np.log(np.maximum(chosen, 1e-12)).mean()),
    }


def confusion_matrix(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return `[classes, classes]`: how many of a class (row) were taken for a class (column)."""
    classes = probabilities.shape[1]
    pairs = labels * classes + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def figures(
    data: PreparedData, probabilities: NDArray[np.float32], decision: Mapping[str, float], config: "Train"
) -> dict[str, Figure]:
    """Return the confusion matrix, a picture of each class with its answer, and the worst mistakes."""
    labels = np.asarray(data.labels("test"))
    first = np.array([np.flatnonzero(labels == index)[0] for index in range(len(data.classes)) if index in labels])
    confidence = probabilities.max(axis=1)
    mistakes = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    worst = mistakes[np.argsort(-confidence[mistakes], kind="stable")][:20]
    return {
        "confusion": _confusion_figure(confusion_matrix(probabilities, labels), data.classes),
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


def _pictures_figure(
    title: str, data: PreparedData, probabilities: NDArray[np.float32], places: NDArray[np.int64]
) -> Figure:
    columns = 5
    rows = max(1, -(-len(places) // columns))
    figure = Figure(figsize=(2.0 * columns, 2.45 * rows + 0.4), layout="constrained")
    figure.suptitle(title, color=_INK)
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.axis("off")
    for axes, place in zip(figure.axes, places, strict=False):
        _picture(axes, data, probabilities[place], int(place))
    return figure


def _picture(axes: Axes, data: PreparedData, probabilities: NDArray[np.float32], place: int) -> None:
    picture, label = data.inputs("test")[place], int(data.labels("test")[place])
    answer = int(probabilities.argmax())
    axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    verdict = f"{data.classes[answer]} {probabilities[answer]:.0%}"
    title = verdict if answer == label else f"{verdict}\nis {data.classes[label]}"
    axes.set_title(title, fontsize=9, color=_RIGHT if answer == label else _WRONG)
