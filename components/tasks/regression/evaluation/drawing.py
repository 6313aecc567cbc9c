"""The figures worth looking at: predicted against true numbers, errors, and the coverage of the intervals."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import binomtest

from components.tasks.drawing import INK, MODEL, PALE, sheet

Floats = NDArray[np.floating]

_INTERVAL = "#c3d5ea"
_DRAWN = 2_000  # examples, evenly spread
_WITH_INTERVAL = 100
_BINS = 10


def predicted_figure(labels: Floats, value: Floats, low: Floats, high: Floats) -> Figure:
    """Draw the predicted against the true numbers `[N]`, some with their intervals."""
    figure, axes = sheet()
    ends = [min(float(labels.min()), float(value.min())), max(float(labels.max()), float(value.max()))]
    axes.plot(ends, ends, color=PALE, linewidth=1, linestyle=":")
    some = _spread(len(labels), _WITH_INTERVAL)
    away = [value[some] - low[some], high[some] - value[some]]
    axes.errorbar(labels[some], value[some], yerr=away, fmt="none", ecolor=_INTERVAL, elinewidth=1.2, zorder=1)
    drawn = _spread(len(labels), _DRAWN)
    axes.plot(labels[drawn], value[drawn], "o", color=MODEL, markersize=3, alpha=0.5)
    axes.set(xlabel="true", ylabel="predicted")
    axes.set_title(f"{len(labels):,} test examples, some with their intervals", color=INK)
    return figure


def residual_figure(labels: Floats, value: Floats, baseline: Floats) -> Figure:
    """Draw how far the numbers `[N]` are off, and the baseline's."""
    figure, axes = sheet()
    errors, others = labels - value, labels - baseline
    low, high = np.quantile(np.concatenate([errors, others]), [0.005, 0.995])
    bins = np.linspace(low, high if high > low else low + 1.0, 50).tolist()
    axes.hist(others, bins=bins, color=PALE, alpha=0.45, label=f"the baseline, {_rmse(others):.4g}")
    axes.hist(errors, bins=bins, color=MODEL, alpha=0.6, label=f"the model, {_rmse(errors):.4g}")
    axes.axvline(0.0, color=INK, linewidth=1)
    axes.set(xlabel="true less predicted", ylabel="examples")
    axes.set_title("Errors on the test split", color=INK)
    figure.legend(frameon=False, loc="outside lower center", ncols=2, title="root mean squared error")
    return figure


def coverage_figure(labels: Floats, value: Floats, low: Floats, high: Floats, stated: float) -> Figure:
    """Draw the part of the intervals that hold the true number, by the predicted one, with 95 % intervals (Wilson)."""
    held = (low <= labels) & (labels <= high)
    figure, axes = sheet()
    axes.axhline(stated, color=PALE, linewidth=1, linestyle=":", label=f"stated, {stated:g}")
    for part in np.array_split(np.argsort(value, kind="stable"), min(_BINS, len(value))):
        share = binomtest(int(held[part].sum()), len(part))
        ends = share.proportion_ci(method="wilson")
        away = [[max(share.statistic - ends.low, 0.0)], [max(ends.high - share.statistic, 0.0)]]
        axes.errorbar(
            float(value[part].mean()), share.statistic, yerr=away, fmt="o", color=MODEL, elinewidth=1.2, markersize=6
        )
    axes.set(ylim=(0, 1.02), xlabel="predicted", ylabel="part of the intervals that hold the true number")
    axes.set_title(f"{held.mean():.1%} of {len(held):,} test examples", color=INK)
    figure.legend(frameon=False, loc="outside lower center")
    return figure


def _rmse(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _spread(count: int, most: int) -> NDArray[np.int64]:
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)
