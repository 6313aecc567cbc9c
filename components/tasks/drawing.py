"""How figures of the evaluation look."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, PALE = "#1f2933", "#8a94a6"
MODEL, POSITIVE = "#2b6cb0", "#c05621"
_GRID = "#e4e7eb"


def sheet() -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes, empty but for a grid."""
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes
