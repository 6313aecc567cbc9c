"""What an anomaly detector is measured by at work, where somebody says what was unusual."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.tasks.anomaly.answers import decide
from components.tasks.rates import Rate, of_flags

DRAWS = False
"""A score is no probability: nothing can be expected before labels come."""


def rates(
    outputs: NDArray[np.float32], labels: NDArray[Any], decision: Mapping[str, Any], validated: NDArray[np.float32]
) -> dict[str, Rate]:
    """Return recall and precision of `[N, 1]` for labels `[N]`, 1 where unusual, and the share of false alarms."""
    flagged, unusual = decide(outputs, decision) == 1, labels == 1
    alarms = Rate(flagged.astype(np.float64), ~unusual, lower_is_better=True)
    return {**of_flags(flagged, unusual), "false_alarm_rate": alarms}
