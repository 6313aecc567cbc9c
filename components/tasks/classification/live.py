"""What a classification is measured by at work."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.tasks.classification.answers import decide
from components.tasks.rates import Rate, of_all

DRAWS = True
"""Labels may be drawn by the outputs, which are probabilities: so a metric can be expected before labels come."""


def rates(
    outputs: NDArray[np.float32], labels: NDArray[Any], decision: Mapping[str, Any], validated: NDArray[np.float32]
) -> dict[str, Rate]:
    """Return the accuracy of `[N, classes]` for labels `[N]`, indices of classes."""
    return {"accuracy": of_all(decide(outputs, decision) == labels)}
