"""What an endpoint will do at a load, from what was measured of it, each with an interval.

The interval is where nine of ten predictions lie that are fitted to levels, latencies and windows drawn again from
those that were measured, one window of each rate. By how much the model is off, `benchmarks/plan.py` tells.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from components.plan.arrivals import Arrivals, with_arrivals
from components.plan.probe import Probe
from components.plan.queue import percentile
from components.plan.scaling import Scaling, fitted_scaling
from components.plan.service_time import ServiceTime, fitted, resampled, residual_ratios

DRAWN = 20
"""Fits to what was drawn again."""
_OUTSIDE = 0.05  # on either side


class Predicted(NamedTuple):
    """A number and its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Predictor:
    """Predicts for one endpoint; all rates are requests a second."""

    found: Probe
    service: ServiceTime
    scaling: Scaling

    @cached_property
    def drawn(self) -> list[ServiceTime]:
        """Return what would have been fitted to other measurements like these."""
        found, random = self.found, np.random.default_rng(0)
        services = resampled(found.levels, found.latencies, DRAWN, arrived=found.arrived)
        off = random.choice(residual_ratios(found.levels, found.arrived), DRAWN)
        windows = [self._one_of_each(random) for _ in services]
        return [
            with_arrivals(service, those).slower(factor)
            for service, those, factor in zip(services, windows, off, strict=True)
        ]

    def _one_of_each(self, random: np.random.Generator) -> list[Arrivals]:
        by_rate: dict[float, list[Arrivals]] = {}
        for each in self.found.arrivals:
            by_rate.setdefault(each.rate, []).append(each)
        return [those[random.integers(0, len(those))] for those in by_rate.values()]

    def capacity(self, workers: int) -> float:
        """Return the most that so many workers of one machine answer, each with a core of its own."""
        return self.service.capacity * self.scaling.together(workers)

    def latency(self, rate: float, workers: int, part: float = 0.99, replicas: int = 1) -> Predicted:
        """Return the seconds that `part` of the answers stay within, where `rate` comes to all workers together."""
        each = rate / (workers * replicas)
        return self.interval(lambda service: percentile(service, each, part), workers)

    def interval(self, of: Callable[[ServiceTime], float], workers: int = 1) -> Predicted:
        """Return what `of` makes of the service time of one of so many workers, with its interval."""
        slower = self.scaling.slower(workers)
        drawn = [of(service.slower(slower)) for service in self.drawn]
        low, high = np.quantile(drawn, [_OUTSIDE, 1 - _OUTSIDE], method="inverted_cdf")
        return Predicted(of(self.service.slower(slower)), float(low), float(high))


def predictor(found: Probe) -> Predictor:
    """Return the predictor that is fitted to what was measured."""
    service = with_arrivals(fitted(found.levels, found.latencies, found.arrived), found.arrivals)
    return Predictor(found, service, fitted_scaling(found.several))
