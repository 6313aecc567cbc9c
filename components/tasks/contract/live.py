"""`live.py`: what answers are measured by at work, once labels come."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from components.tasks.rates import Rate


class Live(Protocol):
    """`live.py`. Imports neither torch nor mlflow nor prefect nor dvc."""

    DRAWS: bool
    """Whether outputs are probabilities of labels, by which a metric can be expected before labels come."""

    def rates(
        self,
        outputs: NDArray[np.float32],
        labels: NDArray[Any],
        decision: Mapping[str, Any],
        validated: NDArray[np.float32],
        /,
    ) -> Mapping[str, Rate]:
        """Return the metrics of `[N, K]` for labels `[N]`, the one first by which harm is judged.

        `validated` are outputs `[M, K]` of the validation split, by which what is usual is told.
        """
