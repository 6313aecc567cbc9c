"""How long requests wait that come at random: a queue that is emptied by turns, played with service times as measured.

Arrivals are Poisson; a worker takes what waits when it comes free, as many at most as it takes together; all of a turn
are answered at its end. With turns of one and exponential times it is M/M/1, with constant ones M/D/1, which the tests
hold it against.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from components.plan.service_time import Float64, ServiceTime

ARRIVALS = 20_000
"""That are played."""
_WARM = 0.1  # of them, before the queue is what it is


class Played(NamedTuple):
    """What came of it."""

    latencies: Float64
    """`[N]`, seconds from arrival to answer."""
    cpu: float
    """Seconds of a core that a request took."""


def latencies(service: ServiceTime, rate: float, arrivals: int = ARRIVALS, seed: int = 0) -> Float64:
    """Return the seconds from arrival to answer, `[N]`, of one worker that `rate` requests a second come to."""
    return play(service, rate, arrivals, seed).latencies


def play(service: ServiceTime, rate: float, arrivals: int = ARRIVALS, seed: int = 0) -> Played:
    """Have `arrivals` requests come to one worker, `rate` a second."""
    random = np.random.default_rng(seed)
    arrived = np.cumsum(random.exponential(1.0 / rate, arrivals)).tolist()
    noise = random.choice(service.noise, arrivals).tolist()
    most, turn, each = max(1, round(service.together)), service.turn, service.each
    found, free, first, turns = [0.0] * arrivals, 0.0, 0, 0
    while first < arrivals:
        begins = max(free, arrived[first])
        behind = min(bisect_right(arrived, begins, first), first + most)
        free = begins + (turn + each * (behind - first)) * noise[turns]
        for index in range(first, behind):
            found[index] = free - arrived[index]
        first, turns = behind, turns + 1
    return Played(np.array(found[int(_WARM * arrivals) :]) + service.beside, each + turn * turns / arrivals)


def percentile(service: ServiceTime, rate: float, part: float = 0.99, arrivals: int = ARRIVALS) -> float:
    """Return the latency, seconds, that `part` of the answers stay within; infinite where the worker cannot keep up.

    Of no rate at all it is that of requests that are alone.
    """
    if rate <= 0.0:
        alone = float(np.quantile(service.alone * service.noise, part)) + service.beside
        return alone * service.correction(part, 0.0)
    if rate >= service.capacity:
        return float("inf")
    load = rate / service.capacity
    played = float(np.quantile(latencies(service, load * service.limit, arrivals), part))
    return played * service.correction(part, load)


def workers_needed(rate: float, allowed: float, predicted: Callable[[float], float], most: int = 4096) -> int | None:
    """Return the fewest workers, each with its part of `rate`, with a predicted latency of at most `allowed` seconds.

    Args:
        rate: requests a second, of all together.
        allowed: seconds.
        predicted: requests a second of one worker -> seconds; it does not fall with the rate.
        most: workers that are tried.

    Returns:
        None where even a worker that has next to nothing to do is slower.
    """
    if predicted(0.0) > allowed:
        return None
    low, high = 0, 1
    while predicted(rate / high) > allowed:
        low, high = high, 2 * high
        if low >= most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if predicted(rate / middle) > allowed:
            low = middle
        else:
            high = middle
    return high
