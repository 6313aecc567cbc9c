"""How long a worker is at work for a turn of so many requests: a part for the turn, and a part for each of them.

What waits when a worker comes free is answered together (`engine/batcher.py`), so that a busy worker needs less for
each. Measured by the processor's time, which others that want the core cannot lengthen; how much one turn differs from
another is taken from the latencies of a single connection, and never assumed to be exponential.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """What a worker did while so many connections asked all the time. Seconds."""

    connections: int
    requests: int
    turns: int
    """Runs of the model."""
    cpu: float
    """Of the worker, idling left out."""
    seconds: float
    waited: float
    """For which the worker wanted a core that others had."""

    @property
    def together(self) -> float:
        """Return how many requests a turn had."""
        return self.requests / self.turns


@dataclass(frozen=True)
class ServiceTime:
    """A turn of b requests takes `(turn + each * b) * noise` seconds; an answer comes `beside` later. Seconds."""

    turn: float
    each: float
    together: float
    """Requests that a turn has at most."""
    beside: float
    """What an answer takes besides the worker's own time: the way there and back."""
    noise: Float64
    """`[N]`, by how much turns differ: around 1."""

    @property
    def alone(self) -> float:
        """Return the seconds of a request that is alone."""
        return self.turn + self.each

    @property
    def capacity(self) -> float:
        """Return the most requests a second that one worker with a core of its own answers."""
        return self.together / (self.turn + self.each * self.together)

    def slower(self, factor: float) -> "ServiceTime":
        """Return what it is where the worker's own time is `factor` times as long."""
        return replace(self, turn=self.turn * factor, each=self.each * factor)


def fitted(levels: Sequence[Level], single: Float64) -> ServiceTime:
    """Return the service time by least squares over `levels`, each weighed by its turns; neither part is below zero.

    Args:
        levels: with one and with many connections.
        single: `[N]`, the latencies of one connection, seconds.
    """
    together = np.array([level.together for level in levels])
    taken = np.array([level.cpu / level.turns for level in levels])
    weights = np.array([level.turns for level in levels], dtype=np.float64)
    turn, each = _line(together, taken, weights)
    beside = max(0.0, float(np.median(single)) - (turn + each))
    own = np.maximum(single - beside, 0.05 * (turn + each))
    return ServiceTime(turn, each, max(1.0, float(together.max())), beside, own / float(np.mean(own)))


def resampled(levels: Sequence[Level], single: Float64, times: int, seed: int = 0) -> list[ServiceTime]:
    """Return what would have been fitted to as many levels and latencies drawn from these (a bootstrap)."""
    random = np.random.default_rng(seed)
    found: list[ServiceTime] = []
    while len(found) < times:
        drawn = [levels[index] for index in random.integers(0, len(levels), len(levels))]
        if len({level.connections for level in drawn}) > 1:
            found.append(fitted(drawn, random.choice(single, len(single))))
    return found


def _line(x: Float64, y: Float64, weights: Float64) -> tuple[float, float]:
    """Return intercept and slope, neither below zero."""
    weights = weights / weights.sum()
    mean_x, mean_y = float(weights @ x), float(weights @ y)
    spread = float(weights @ (x - mean_x) ** 2)
    slope = float(weights @ ((x - mean_x) * (y - mean_y))) / spread if spread > 0 else 0.0
    if slope <= 0:
        return mean_y, 0.0
    intercept = mean_y - slope * mean_x
    if intercept >= 0:
        return intercept, slope
    return 0.0, float(weights @ (x * y)) / float(weights @ x**2)
