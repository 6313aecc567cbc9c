"""The figures worth looking at: how soon what was taken is suggested, and of which items."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import binomtest

from components.kinds.evaluation import Mask
from components.tasks.drawing import INK, MODEL, PALE, sheet

Int64 = NDArray[np.int64]

_SHOWN = 20


def recall_figure(stands: Int64, baseline: Int64) -> Figure:
    """Draw how often what was taken is among the first suggestions, by their number; places `[N]` of both models."""
    figure, axes = sheet()
    first = np.arange(1, _SHOWN + 1)
    for places, colour, name in ((baseline, PALE, "the baseline"), (stands, MODEL, "the model")):
        axes.plot(first, [(places < count).mean() for count in first], "o-", color=colour, markersize=4, label=name)
    axes.set(xlabel="suggestions", ylabel="part of the test examples", ylim=(0, None), xticks=first[4::5])
    axes.set_title(f"What was taken is among them, of {len(stands):,} test examples", color=INK)
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return figure


def slice_figure(stands: Int64, baseline: Int64, slices: Mapping[str, Mask]) -> Figure:
    """Draw the recall of twenty suggestions by slice, with 95 % intervals (Wilson)."""
    figure, axes = sheet()
    names = [name for name, mask in slices.items() if mask.any()]
    for row, name in enumerate(reversed(names)):
        for places, colour, away in ((baseline, PALE, -0.12), (stands, MODEL, 0.12)):
            hits = places[slices[name]] < _SHOWN
            ends = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
            axes.plot([ends.low, ends.high], [row + away] * 2, color=colour, linewidth=1.5)
            axes.plot([hits.mean()], [row + away], "o", color=colour, markersize=5)
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set(xlabel="part that is among twenty suggestions", xlim=(0, None))
    axes.set_title("By what was taken; pale the baseline", color=INK)
    return figure
