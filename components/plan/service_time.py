"""How long a worker is at work for a turn of so many requests: a part for the turn, and a part for each of them.

What waits when a worker comes free is answered together (`engine/batcher.py`), so that a busy worker needs less for
each. Measured by the processor's time, which others that want the core cannot lengthen; how much one turn differs from
another is taken from the latencies of a single connection, and never assumed to be exponential.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


_TOGETHER = 1.5  # requests of a turn, at some load, from which on arrivals tell what each of them takes


def uncorrected(part: float, load: float) -> float:
    """Return 1: nothing was measured of requests that come at random."""
    return 1.0


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
    most: float = 0.0
    """Requests a second that it answers where all ask all the time; 0: what turns of that many come to."""
    correction: Callable[[float, float], float] = uncorrected
    """By how much longer answers take than the queue says, by their part and the part of the capacity that comes."""

    @property
    def alone(self) -> float:
        """Return the seconds of a request that is alone."""
        return self.turn + self.each

    @property
    def capacity(self) -> float:
        """Return the most requests a second that one worker with a core of its own answers."""
        return self.most or self.limit

    @property
    def limit(self) -> float:
        """Return at how many requests a second the queue is never emptied."""
        return self.together / (self.turn + self.each * self.together)

    def slower(self, factor: float) -> "ServiceTime":
        """Return what it is where the worker's own time is `factor` times as long."""
        return replace(self, turn=self.turn * factor, each=self.each * factor, most=self.most / factor)


def fitted(levels: Sequence[Level], single: Float64, arrived: Sequence[Level] = ()) -> ServiceTime:
    """Return the service time by least squares, each level weighed by its turns; neither part is below zero.

    Args:
        levels: with one and with many connections that ask all the time.
        single: `[N]`, the latencies of one connection, seconds.
        arrived: of requests that came at random, which take longer: each is waited for, and waited with. If there are
            any, the line is theirs, where they were answered together, and what is the most is told by the others.
    """
    turn, each = _line(*_turns(_telling(levels, arrived)))
    beside = max(0.0, float(np.median(single)) - (turn + each))
    own = np.maximum(single - beside, 0.05 * (turn + each))
    most = max(level.requests / level.cpu for level in levels) if arrived else 0.0
    widest = max(1.0, *(level.together for level in (*levels, *arrived)))
    return ServiceTime(turn, each, widest, beside, own / float(np.mean(own)), most)


def resampled(
    levels: Sequence[Level], single: Float64, times: int, seed: int = 0, arrived: Sequence[Level] = ()
) -> list[ServiceTime]:
    """Return what would have been fitted to as many levels and latencies drawn from these (a bootstrap)."""
    random = np.random.default_rng(seed)
    found: list[ServiceTime] = []
    while len(found) < times:
        drawn, came = _drawn(levels, random), _drawn(arrived, random)
        if came or len({level.connections for level in drawn}) > 1:
            found.append(fitted(drawn, random.choice(single, len(single)), came))
    return found


def residual_ratios(levels: Sequence[Level], arrived: Sequence[Level] = ()) -> Float64:
    """Return by how much slower or faster each level was than the line through them, `[N]`, around 1.

    As much off it will be what is asked at another time.
    """
    turn, each = _line(*_turns(_telling(levels, arrived)))
    return np.array([level.cpu / (turn * level.turns + each * level.requests) for level in (*levels, *arrived)])


def _telling(levels: Sequence[Level], arrived: Sequence[Level]) -> Sequence[Level]:
    """Return the levels whose line it is: of turns that are all of one request there is none."""
    if max((level.together for level in arrived), default=0.0) < _TOGETHER:
        return (*levels, *arrived)
    return arrived


def _drawn(levels: Sequence[Level], random: np.random.Generator) -> list[Level]:
    return [levels[index] for index in random.integers(0, len(levels), len(levels))] if levels else []


def _turns(levels: Sequence[Level]) -> tuple[Float64, Float64, Float64]:
    """Return of each level the requests of a turn, the CPU seconds of one, and how many there were."""
    together = np.array([level.together for level in levels])
    taken = np.array([level.cpu / level.turns for level in levels])
    return together, taken, np.array([level.turns for level in levels], dtype=np.float64)


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
