"""What suggestions are measured by at work, once it is told what was taken."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.suggestions import gains, places, ranked
from components.tasks.rates import Rate, of_all

DRAWS = False
"""Outputs are no probabilities, by which what is taken could be drawn."""


def rates(
    outputs: NDArray[np.float32], labels: NDArray[Any], decision: Mapping[str, Any], validated: NDArray[np.float32]
) -> dict[str, Rate]:
    """Return what the suggestions `[N, 4 T]` earn, and how often what was taken, `[N]`, is among twenty of them."""
    stands = places(ranked(outputs).items, labels)
    every = np.ones(len(stands), dtype=np.bool_)
    return {
        "ndcg_at_10": Rate(gains("ndcg_at_10", stands), every),
        "recall_at_20": of_all(gains("recall_at_20", stands) > 0),
    }
