"""An endpoint that was never measured, with numbers that are easy to check."""

import numpy as np

from components.plan.arrivals import Arrivals
from components.plan.fleet import Model
from components.plan.predicted import predictor
from components.plan.probe import Probe
from components.plan.service_time import Level

TURN, EACH = 0.0004, 0.0001


def made_probe(
    turn: float = TURN,
    each: float = EACH,
    waited: float = 0.0,
    several: dict[int, float] | None = None,
    arrivals: list[Arrivals] | None = None,
) -> Probe:
    """Return what a probe would have found of a worker that takes `turn` and `each`, without any chance in it."""
    levels = [
        Level(count, 1000 * count, 1000, 1000 * (turn + each * count), 1.0, waited) for count in (1, 2, 4, 8, 16, 32)
    ]
    single = np.full(200, turn + each + 0.0001).tolist()
    memory = {1: 100_000_000, 2: 140_000_000}
    return Probe(
        "2026-11-30T01:00:00+00:00",
        "A processor",
        2,
        levels,
        arrivals or [],
        single,
        True,
        0.002,
        3.0,
        memory,
        several or {1: 1.0},
        10**6,
    )


def made_model(name: str = "float32", made: float | None = 0.0, probe: Probe | None = None) -> Model:
    """Return a model with that endpoint."""
    found = probe or made_probe()
    return Model(name, found, predictor(found), 0.9, made)
