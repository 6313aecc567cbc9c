"""Figures of scores: how they are spread, and where labels are known how well they rank."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from components.kinds.prepared import UNLABELLED
from components.kinds.ranking import average_precision
from components.tasks.drawing import INK, MODEL, PALE, POSITIVE, sheet

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def scores_figure(labels: Int64, scores: Float32, classes: Sequence[str], threshold: float) -> Figure:
    """Draw how many examples of each class, and without a label, have which score, counts by their logarithm."""
    figure, axes = sheet()
    bins = np.linspace(min(float(scores.min()), threshold), max(float(scores.max()), threshold) + 1e-6, 60).tolist()
    for label, name, colour in ((-1, UNLABELLED, PALE), (0, classes[0], MODEL), (1, classes[1], POSITIVE)):
        chosen = scores[labels == label]
        if len(chosen):
            axes.hist(chosen, bins=bins, color=colour, alpha=0.55, label=f"{name}: {len(chosen):,} examples")
    axes.axvline(threshold, color=INK, linewidth=1.2, label=f"threshold {threshold:.3g}")
    axes.set_yscale("log")
    axes.set(xlabel="score", ylabel="examples")
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return figure


def curve_figure(labels: Int64, scores: Float32, others: Float32, threshold: float) -> Figure:
    """Draw precision against recall of the model and of the baseline, and where the threshold lies."""
    figure, axes = sheet()
    known = labels >= 0
    labels, scores, others = labels[known], scores[known], others[known]
    for name, values, colour in (("model", scores, MODEL), ("the baseline", others, PALE)):
        precision, recall, _ = precision_recall_curve(labels, values)
        area = average_precision(labels, values)
        axes.step(recall, precision, where="post", color=colour, linewidth=1.8, label=f"{name}, {area:.3f}")
    positive, flagged = labels == 1, scores >= np.float32(threshold)
    if flagged.any():
        hits = (flagged & positive).sum()
        point = (hits / positive.sum(), hits / flagged.sum())
        axes.plot(*point, "o", color=POSITIVE, markersize=7, zorder=3, label="at the threshold")
    axes.axhline(positive.mean(), color=PALE, linewidth=1, linestyle=":", label=f"chance, {positive.mean():.3f}")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall: part of the anomalies found")
    axes.set_ylabel("precision: part of the alerts that is right")
    axes.set_title(f"Average precision on {len(labels):,} labelled test examples", color=INK)
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return figure
