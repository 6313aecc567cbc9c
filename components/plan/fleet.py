"""How many workers and replicas a load needs, and what they take."""

from dataclasses import dataclass
from functools import partial

from components.plan.demand import MONTH, Demand
from components.plan.predicted import Predicted, Predictor
from components.plan.probe import Probe
from components.plan.queue import percentile, play, workers_needed

SPARE = 1
"""Replicas that may be lost."""


@dataclass(frozen=True)
class Model:
    """Something that can be served."""

    name: str
    found: Probe
    predictor: Predictor
    metric: float | None
    """The deciding metric on the test split; None: it was not measured."""
    made: float | None
    """CPU seconds that its making took besides that of the first model; None: not known."""


@dataclass(frozen=True)
class Fleet:
    """Replicas of one model that answer a load."""

    workers: int
    """Of one replica, each with a core of its own."""
    replicas: int
    """The spare one with them."""
    p99: Predicted
    """Seconds, at the busiest time with a replica lost."""
    cpu: Predicted
    """Seconds of a core that an answer takes on average."""
    idle: float
    """Seconds of a core that all workers take a second without being asked."""
    memory: float
    """Bytes of one replica."""

    @property
    def cores(self) -> int:
        """Return the cores that are held."""
        return self.workers * self.replicas

    def used(self, demand: Demand) -> Predicted:
        """Return the CPU seconds of a month."""
        return Predicted(*(demand.answers * each + MONTH * self.idle for each in self.cpu))


def fleet(model: Model, demand: Demand, cores: int, speed: float = 1.0) -> Fleet | None:
    """Return the smallest fleet that keeps p99 at the busiest time with a replica lost; None: none does, of any size.

    Replicas have as few workers as will do, at most `cores`: then there are more replicas.

    Args:
        model: what is served.
        demand: the load.
        cores: of one machine.
        speed: of a core, beside those of this machine.
    """
    made = model.predictor
    for workers in range(1, cores + 1):
        slower = made.service.slower(made.scaling.slower(workers) / speed)
        needed = workers_needed(demand.busiest, demand.p99, partial(percentile, slower))
        if needed is None:
            return None
        if needed <= workers or workers == cores:
            replicas = -(-needed // workers)
            return _sized(model, demand, workers, replicas, speed)
    return None


def _sized(model: Model, demand: Demand, workers: int, replicas: int, speed: float) -> Fleet:
    made, busy = model.predictor, demand.busiest / (workers * replicas)
    usual = demand.rate / (workers * (replicas + SPARE))
    return Fleet(
        workers,
        replicas + SPARE,
        made.interval(lambda service: percentile(service.slower(1 / speed), busy), workers),
        made.interval(lambda service: play(service.slower(1 / speed), usual, 4_000).cpu, workers),
        model.found.idle * workers * (replicas + SPARE),
        memory(model.found, workers),
    )


def memory(found: Probe, workers: int) -> float:
    """Return the bytes of an endpoint with so many workers: what was measured, and beyond that a line through it."""
    known = found.memory
    if workers in known:
        return float(known[workers])
    most = max(known)
    each = (known[most] - known[1]) / (most - 1) if most > 1 else known[1]
    return known[most] + each * (workers - most)
