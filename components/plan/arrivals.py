"""What came of requests that come at random, beside what the queue that is played says of them.

A worker does more than the queue knows: it reads requests one after the other while a turn runs, sleeps and wakes. At a
few loads answers are measured; by how much longer they took than played is read off between these loads, and is the
same beyond them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.plan.queue import latencies
from components.plan.service_time import Float64, Level, ServiceTime

PARTS = np.linspace(0.0, 1.0, 201)
"""Of the answers, whose quantiles are kept."""
_TAIL = 5  # answers at least beyond a quantile that is told
_MOST_LOAD = 0.98  # at which the queue is played; at 1 it never ends


@dataclass(frozen=True)
class Arrivals:
    """One window. Seconds."""

    rate: float
    """Requests a second that came."""
    level: Level
    """What the worker did, of as many connections as were open."""
    quantiles: list[float]
    """Of the latencies, at `PARTS`."""


@dataclass(frozen=True)
class Correction:
    """By how much longer answers take than played: a factor by their part and the part of the capacity."""

    loads: Float64
    """`[L]`, rising."""
    factors: Float64
    """`[L, PARTS]`, natural logarithms."""

    def __call__(self, part: float, load: float) -> float:
        """Return the factor of the quantile `part` at a load."""
        at_part = [np.interp(part, PARTS, factors) for factors in self.factors]
        return float(np.exp(np.interp(load, self.loads, at_part)))


def with_arrivals(service: ServiceTime, found: Sequence[Arrivals]) -> ServiceTime:
    """Return the service time with what was measured at random arrivals, the geometric mean of windows of one rate."""
    rates = sorted({each.rate for each in found})
    if not rates:
        return service
    loads = np.array([min(rate / service.capacity, _MOST_LOAD) for rate in rates])
    factors = []
    for rate, load in zip(rates, loads, strict=True):
        those = [each for each in found if each.rate == rate]
        measured = np.exp(np.mean(np.log([each.quantiles for each in those]), axis=0))
        resolved = 1.0 - _TAIL / max(sum(each.level.requests for each in those), 2 * _TAIL)
        parts = np.minimum(PARTS, resolved)
        played = np.quantile(latencies(service, load * service.limit), parts)
        factors.append(np.log(np.interp(parts, PARTS, measured) / played))
    return replace(service, correction=Correction(loads, np.array(factors)))
