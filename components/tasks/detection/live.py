"""What a detection is measured by at work."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.tasks.detection.answers import decide
from components.tasks.rates import Rate, of_all, of_flags

DRAWS = True
"""Labels may be drawn by the outputs, which are probabilities: so a metric can be expected before labels come."""


def rates(
    outputs: NDArray[np.float32], labels: NDArray[Any], decision: Mapping[str, Any], validated: NDArray[np.float32]
) -> dict[str, Rate]:
    """Return recall, precision and accuracy of `[N, 2]` for labels `[N]`, 1 where positive."""
    flagged = decide(outputs, decision) == 1
    return {**of_flags(flagged, labels == 1), "accuracy": of_all(flagged == (labels == 1))}
