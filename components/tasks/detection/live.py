"""What a detection is measured by at work."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.deciding import COSTS
from components.tasks.detection.answers import decide
from components.tasks.rates import Rate, of_all, of_costs, of_flags

DRAWS = True
"""Labels may be drawn by the outputs, which are probabilities: so a metric can be expected before labels come."""


def rates(
    outputs: NDArray[np.float32], labels: NDArray[Any], decision: Mapping[str, Any], validated: NDArray[np.float32]
) -> dict[str, Rate]:
    """Return recall, precision, accuracy, and what an answer costs of `[N, 2]` for labels `[N]`, 1 where positive.

    The cost is that of decisions whose threshold is where they cost least; versions are then compared by it.
    """
    flagged, positive = decide(outputs, decision) == 1, labels == 1
    cost = {"cost": of_costs(flagged, positive, decision[COSTS])} if COSTS in decision else {}
    return {**of_flags(flagged, positive), **cost, "accuracy": of_all(flagged == positive)}
