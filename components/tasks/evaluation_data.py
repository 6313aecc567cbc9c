"""What a model is evaluated on: the test split, and the workload's section `train`, which says what matters."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.prepared import PreparedData


@dataclass(frozen=True)
class EvaluationData:
    """The test split of a prepared data set."""

    prepared: PreparedData
    config: Any
    """The section `train` of the workload."""
    costs: NDArray[np.float64] | None = None
    """What each test example costs if it is positive and missed, `[N]`; None: 1."""

    @property
    def labels(self) -> NDArray[Any]:
        """The labels, `[N]`."""
        return np.asarray(self.prepared.labels("test"))

    @property
    def misses(self) -> NDArray[np.float64]:
        """What each test example costs if it is positive and missed, `[N]`."""
        return np.ones(len(self.labels)) if self.costs is None else self.costs
