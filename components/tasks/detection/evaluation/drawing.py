"""Figures of scores: precision against recall, cost against alerts, their spread, and how well they are calibrated."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_curve

from components.kinds.ranking import average_precision
from components.tasks.drawing import INK, MODEL, PALE, POSITIVE, sheet
from components.tasks.evaluation_data import EvaluationData

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_BINS = 10  # of the calibration, each with a tenth of the expected positives
_STEEPEST = 12.0  # logits beyond which scores are drawn at the edge


def curve_figure(labels: Int64, scores: Float32, others: Float32, threshold: float) -> Figure:
    """Draw precision against recall of the model and the baseline, and where the threshold lies."""
    figure, axes = sheet()
    for name, values, colour in (("model", scores, MODEL), ("the baseline", others, PALE)):
        precision, recall, _ = precision_recall_curve(labels, values)
        area = average_precision(labels, values)
        axes.step(recall, precision, where="post", color=colour, linewidth=1.8, label=f"{name}, {area:.3f}")
    positive, flagged = labels == 1, scores >= np.float32(threshold)
    hits = (flagged & positive).sum()
    if flagged.any():
        point = (hits / positive.sum(), hits / flagged.sum())
        axes.plot(*point, "o", color=POSITIVE, markersize=7, zorder=3, label="at the threshold")
    axes.axhline(positive.mean(), color=PALE, linewidth=1, linestyle=":", label=f"chance, {positive.mean():.3f}")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall: part of the positives found")
    axes.set_ylabel("precision: part of the alerts that is right")
    axes.set_title(f"Average precision on {len(labels):,} test examples", color=INK)
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return figure


def cost_figure(data: EvaluationData, scores: Float32, threshold: float) -> Figure:
    """Draw what 1,000 examples cost against how many of them are flagged, and where the threshold lies."""
    positive, misses, false_alarm = data.labels == 1, data.misses, data.config.false_alarm
    order = np.argsort(-scores, kind="stable")
    saved = np.where(positive, misses, -false_alarm)[order]
    thousands = len(scores) / 1_000
    cost = (misses[positive].sum() - np.cumsum(saved)) / thousands
    alerts = np.arange(1, len(scores) + 1) / thousands
    flagged = int((scores >= np.float32(threshold)).sum())
    nothing = misses[positive].sum() / thousands
    figure, axes = sheet()
    here = cost[flagged - 1] if flagged else nothing
    axes.plot(alerts, cost, color=MODEL, linewidth=1.8, label="the most suspicious")
    axes.plot(
        max(flagged, 1) / thousands,
        here,
        "o",
        color=POSITIVE,
        markersize=7,
        label=f"threshold {threshold:.3g}: {here:,.1f}",
    )
    axes.axhline(nothing, color=PALE, linewidth=1, linestyle=":", label=f"none: {nothing:,.1f}")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set(xlim=(alerts[0], 1_000), ylim=(0, 2.2 * nothing), xlabel="alerts in 1,000 examples")
    axes.set_ylabel("cost of 1,000 examples")
    price = "1" if data.costs is None else "its amount"
    axes.set_title(f"A miss costs {price}, a false alarm {false_alarm:g}", color=INK)
    figure.legend(frameon=False, loc="outside lower center", ncols=3, title="flagged")
    return figure


def scores_figure(labels: Int64, scores: Float32, classes: Sequence[str], threshold: float) -> Figure:
    """Draw how many examples of each class have which score, counts by their logarithm."""
    figure, axes = sheet()
    odds, limit = _logit(scores), float(_logit(np.array([threshold]))[0])
    bins = np.linspace(odds.min(), odds.max(), 60).tolist()
    for label, colour in ((0, MODEL), (1, POSITIVE)):
        chosen = odds[labels == label]
        axes.hist(chosen, bins=bins, color=colour, alpha=0.55, label=f"{classes[label]}: {len(chosen):,} examples")
    axes.axvline(limit, color=INK, linewidth=1.2)
    top = axes.get_xaxis_transform()
    axes.text(limit, 1.01, "threshold", transform=top, ha="center", va="bottom", color=INK, fontsize=9)
    axes.set_yscale("log")
    _score_ticks(axes, odds.min(), odds.max())
    axes.set(xlabel="score", ylabel="examples")
    axes.legend(frameon=False, loc="upper right")
    return figure


def calibration_figure(labels: Int64, probabilities: Float32) -> Figure:
    """Draw the share of positives among examples of about the same probability, with 95 % intervals (Wilson 1927).

    A bin holds a tenth of the positives that the probabilities predict; bins of as many examples would show nothing
    where positives are rare.
    """
    order = np.argsort(probabilities, kind="stable")
    expected = np.cumsum(probabilities[order], dtype=np.float64)
    bins = np.minimum((expected / expected[-1] * _BINS).astype(int), _BINS - 1)
    count = np.bincount(bins, minlength=_BINS)
    there = count > 0
    mean = np.bincount(bins, probabilities[order], _BINS)[there] / count[there]
    observed = np.bincount(bins, labels[order], _BINS)[there]
    share = observed / count[there]
    tests = (binomtest(int(positives), int(records)) for positives, records in zip(observed, count[there], strict=True))
    low, high = np.array([test.proportion_ci(method="wilson") for test in tests]).T
    figure, axes = sheet()
    least = min(float(mean.min()), float(low[low > 0].min(initial=1.0))) / 2
    axes.plot([least, 1], [least, 1], color=PALE, linewidth=1, linestyle=":")
    away = [np.maximum(share - low, 0), np.maximum(high - share, 0)]
    axes.errorbar(mean, share, yerr=away, fmt="o", color=MODEL, ecolor=MODEL, elinewidth=1.2, markersize=6)
    axes.set(xscale="log", yscale="log", xlim=(least, 1.2), ylim=(least, 1.2))
    axes.set_xlabel("predicted probability")
    axes.set_ylabel("observed share of positives")
    axes.set_title(
        f"{probabilities.sum(dtype=np.float64):,.0f} positives predicted, {int(labels.sum()):,} observed", color=INK
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    return figure


def _logit(scores: NDArray[np.floating]) -> Float64:
    given = np.clip(scores.astype(np.float64), 1e-12, 1 - 1e-12)
    odds: Float64 = np.clip(np.log(given) - np.log1p(-given), -_STEEPEST, _STEEPEST)
    return odds


def _score_ticks(axes: Axes, low: float, high: float) -> None:
    scores = np.array([1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999])
    positions = _logit(scores)
    shown = (positions >= low) & (positions <= high)
    axes.set_xticks(positions[shown], [f"{score:g}" for score in scores[shown]])
