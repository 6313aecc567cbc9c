"""The pictures worth looking at, with their answers: some of each label, and the worst mistakes."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.kinds.prepared import UNLABELLED, PreparedData, label_name

_INK = "#1f2933"
_RIGHT, _WRONG = "#2b6cb0", "#c05621"
_SHOWN = 20
_LINE = 22  # letters that a picture is wide
_MISTAKES = "The mistakes it was surest of"
_UNLABELLED = "The most remarkable first; no label is known"
_COLUMNS = 5
_HEATED = 12


def draw_pictures(
    data: PreparedData, answers: Sequence[str], labels: Sequence[str], wrong: NDArray[np.floating]
) -> dict[str, Figure]:
    """Return one picture of each label with its answer, and the worst mistakes; without labels the most remarkable.

    Args:
        data: the prepared data set.
        answers: of each test picture, in words.
        labels: of each test picture, in words.
        wrong: how wrong each answer is, `[N]`, and how remarkable without a label; 0 or less: it is right, or usual.
    """
    first = sorted({label: index for index, label in reversed(list(enumerate(labels)))}.values())
    unlabelled = set(labels) == {UNLABELLED}
    mistakes = np.arange(len(wrong)) if unlabelled else np.flatnonzero(wrong > 0)
    worst = mistakes[np.argsort(-wrong[mistakes], kind="stable")][:_SHOWN].tolist()
    several = 1 < len(first) <= 2 * _SHOWN
    some = (
        _by_class(data, first)
        if several
        else np.linspace(0, len(labels) - 1, min(len(labels), _SHOWN)).astype(int).tolist()
    )
    captions = {index: _caption(answers[index], labels[index], bool(wrong[index] <= 0)) for index in (*some, *worst)}
    title = "One picture of each class" if several else "Some pictures"
    return {
        "samples": _pictures_figure(title, data, captions, some),
        "worst_mistakes": _pictures_figure(_UNLABELLED if unlabelled else _MISTAKES, data, captions, worst),
    }


def draw_heat(data: PreparedData, suspicion: NDArray[np.floating], heat: NDArray[np.floating]) -> dict[str, Figure]:
    """Return the most suspicious test pictures in pairs: the picture, and where in it something is unusual.

    Args:
        data: the prepared data set.
        suspicion: of each test picture, `[N]`.
        heat: how unusual each place is, `[N, h, w]`; the colours have one scale for all pictures.
    """
    worst = np.argsort(-suspicion, kind="stable")[:_HEATED]
    figure = Figure(figsize=(8.0, 2.2 * -(-len(worst) // 2) + 0.4), layout="constrained")
    figure.suptitle("The most unusual first, and where", color=_INK)
    grid = figure.subplots(-(-len(worst) // 2), 4, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    inputs, height, width = data.inputs("test"), data.input["height"], data.input["width"]
    for number, index in enumerate(worst.tolist()):
        row, column = divmod(number, 2)
        told = label_name(data, data.labels("test")[index])
        _picture(grid[row, 2 * column], inputs[index], f"{told} ({suspicion[index]:.3f})", _INK)
        _picture(grid[row, 2 * column + 1], inputs[index], "", _INK)
        shown = {"cmap": "inferno", "alpha": 0.65, "vmin": 0.0, "vmax": float(heat[worst].max())}
        grid[row, 2 * column + 1].imshow(heat[index], extent=(-0.5, width - 0.5, height - 0.5, -0.5), **shown)
    return {"heat": figure}


def _by_class(data: PreparedData, indices: Sequence[int]) -> list[int]:
    """Return the indices in the order of the classes."""
    labels = data.labels("test")
    return sorted(indices, key=lambda index: float(labels[index]))


def _caption(answer: str, label: str, right: bool) -> tuple[str, str]:
    answer = fill(answer, _LINE)
    if label == UNLABELLED:
        return answer, _RIGHT if right else _WRONG
    return (answer, _RIGHT) if right else (f"{answer}\nis {label}", _WRONG)


def _pictures_figure(
    title: str, data: PreparedData, captions: dict[int, tuple[str, str]], indices: Sequence[int]
) -> Figure:
    rows = max(1, -(-len(indices) // _COLUMNS))
    figure = Figure(figsize=(2.0 * _COLUMNS, 2.45 * rows + 0.4), layout="constrained")
    figure.suptitle(title, color=_INK)
    for axes in figure.subplots(rows, _COLUMNS, squeeze=False).flat:
        axes.axis("off")
    for axes, index in zip(figure.axes, indices, strict=False):
        _picture(axes, data.inputs("test")[index], *captions[index])
    return figure


def _picture(axes: Axes, picture: NDArray[np.uint8], caption: str, colour: str) -> None:
    axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(caption, fontsize=9, color=colour)
