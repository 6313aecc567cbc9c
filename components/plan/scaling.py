"""What several workers of one machine do together: the universal scalability law, as far as it was measured.

N workers answer N / (1 + contention (N - 1) + coherence N (N - 1)) times as much as one (Gunther 1993, "A Simple
Capacity Model of Massively Parallel Transaction Systems"). So each request takes the denominator's times the work.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scaling:
    """The law of one machine."""

    contention: float
    coherence: float
    measured: int
    """Workers up to which it was measured; beyond, it is extrapolated."""

    def slower(self, workers: int) -> float:
        """Return how many times as much a request takes where so many work."""
        return 1.0 + self.contention * (workers - 1) + self.coherence * workers * (workers - 1)

    def together(self, workers: int) -> float:
        """Return how many times as much as one they answer."""
        return workers / self.slower(workers)


def fitted_scaling(cpu: Mapping[int, float]) -> Scaling:
    """Return the law by least squares over how much time of a core the same work takes with so many workers.

    Of two counts only the contention can be told, and of one nothing: then there is none. Neither is below zero.
    """
    if 1 not in cpu or len(cpu) < 2:
        return Scaling(0.0, 0.0, max(cpu, default=1))
    workers = np.array([count for count in sorted(cpu) if count > 1], dtype=np.float64)
    more = np.array([cpu[int(count)] / cpu[1] - 1.0 for count in workers])
    columns = np.stack([workers - 1, workers * (workers - 1)], axis=1)
    if len(workers) > 1:
        (contention, coherence), *_ = np.linalg.lstsq(columns, more, rcond=None)
        if contention >= 0 and coherence >= 0:
            return Scaling(float(contention), float(coherence), int(workers.max()))
    contention = max(0.0, float(columns[:, 0] @ more / (columns[:, 0] @ columns[:, 0])))
    return Scaling(contention, 0.0, int(workers.max()))
