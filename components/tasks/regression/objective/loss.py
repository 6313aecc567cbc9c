"""The losses that may decide, in the label's unit. Needs numpy alone."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def quantile_levels(coverage: float) -> tuple[float, float, float]:
    """Return the levels of the lower end of an interval, of its middle, and of its upper end."""
    return (1.0 - coverage) / 2, 0.5, (1.0 + coverage) / 2


def loss_of(metric: str, labels: Floats, low: Floats, value: Floats, high: Floats, coverage: float) -> float:
    """Return the root mean squared error, the mean absolute error, or the pinball loss.

    The last is the mean over the low end, the number and the high end, taken for quantiles (Koenker and Bassett 1978).

    Args:
        metric: `rmse`, `mae` or `pinball_loss`.
        labels: `[N]`, at least one.
        low: `[N]`, where the intervals begin.
        value: `[N]`, the numbers that were answered.
        high: `[N]`, where the intervals end.
        coverage: of the intervals, 0 to 1.
    """
    away = labels - value.astype(np.float64)
    if metric == "rmse":
        return float(np.sqrt(np.mean(away**2)))
    if metric == "mae":
        return float(np.abs(away).mean())
    quantiles = zip((low, value, high), quantile_levels(coverage), strict=True)
    return float(np.mean([_pinball(labels - found, level) for found, level in quantiles]))


def _pinball(away: Floats, level: float) -> float:
    return float(np.maximum(level * away, (level - 1.0) * away).mean())
