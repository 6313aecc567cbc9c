"""What a regression is measured by at work."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.tasks.rates import Rate, of_all
from components.tasks.regression.answers import interval

DRAWS = False
"""Outputs are no probabilities, by which labels could be drawn."""
_WIDTHS = 5.0


def rates(
    outputs: NDArray[np.float32], labels: NDArray[Any], decision: Mapping[str, Any], validated: NDArray[np.float32]
) -> dict[str, Rate]:
    """Return the mean absolute error of `[N, 3]` for labels `[N]`, and the coverage of the intervals.

    One error beyond measure says nothing of the others: an error counts at most as five widths of the median interval
    of the answers `validated`, `[M, 3]`.
    """
    low, high = interval(outputs, decision)
    widths = np.subtract(*interval(validated, decision)[::-1])
    scale = _WIDTHS * float(np.median(widths)) or 1.0
    error = np.minimum(np.abs(outputs[:, 0] - labels) / scale, 1.0)
    every = np.ones(len(error), dtype=np.bool_)
    return {
        "absolute_error": Rate(error.astype(np.float64), every, lower_is_better=True, scale=scale),
        "coverage": of_all((low <= labels) & (labels <= high)),
    }
