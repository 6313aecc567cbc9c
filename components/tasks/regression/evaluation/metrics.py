"""What numbers and their intervals are measured by."""

import numpy as np
from numpy.typing import NDArray

from components.tasks.regression.objective.loss import loss_of

Floats = NDArray[np.floating]

OF_NUMBERS = ("rmse", "mae", "r2")
"""Those that need no interval."""


def regression_metrics(labels: Floats, low: Floats, value: Floats, high: Floats, coverage: float) -> dict[str, float]:
    """Return every metric of known labels; not a number where there are none.

    `rmse`, `mae` and `pinball_loss` in the label's unit; `r2`, the part of the labels' variance that is explained, not
    a number where there is none; `coverage`, the part of the labels within their interval; `interval_width`.

    Args:
        labels: `[N]`.
        low: `[N]`, where the intervals begin.
        value: `[N]`, the numbers that were answered.
        high: `[N]`, where the intervals end.
        coverage: that the intervals state, 0 to 1.
    """
    if not len(labels):
        return dict.fromkeys(("rmse", "mae", "r2", "pinball_loss", "coverage", "interval_width"), float("nan"))
    losses = {name: loss_of(name, labels, low, value, high, coverage) for name in ("rmse", "mae", "pinball_loss")}
    variance = float(np.var(labels))
    return {
        "rmse": losses["rmse"],
        "mae": losses["mae"],
        "r2": 1.0 - losses["rmse"] ** 2 / variance if variance > 0.0 else float("nan"),
        "pinball_loss": losses["pinball_loss"],
        "coverage": float(((low <= labels) & (labels <= high)).mean()),
        "interval_width": float((high - low).mean()),
    }
