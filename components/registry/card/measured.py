"""What a card tells beyond the metrics: with intervals, slice by slice, and how it is when inputs are spoilt.

It is measured once, while the test split is at hand, and kept in the version's `card.json`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from components.config.params import Workload
from components.inference.bundle import Bundle
from components.kinds import catalogue
from components.kinds.baseline import limited
from components.kinds.calibration import reliability
from components.kinds.examination import SEVERITIES, Mask
from components.kinds.prepared import PreparedData
from components.registry.card.intervals import bootstrapped, wilson
from components.registry.gate.comparable import unfit
from components.registry.gate.measure import answering, of_each_class
from components.registry.gate.sitting import Paper, Sitting, sit

Int64 = NDArray[np.int64]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Estimate(_Part):
    """A measure, and its 95 % interval where that can be told."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    count: int
    """Examples."""


class Bin(_Part):
    """Examples of about the same probability."""

    promised: float
    """Mean probability."""
    found: float
    low: float
    high: float
    count: int


class Curve(_Part):
    """The deciding metric under one corruption."""

    name: str
    values: tuple[float, ...]
    """At severity 0, which is none, to 3."""


class Measured(_Part):
    """All of it."""

    metric: str
    """The deciding one."""
    metrics: tuple[Estimate, ...]
    """Of the whole test split; one that cannot be drawn again is left out."""
    slices: tuple[Estimate, ...]
    calibration: tuple[Bin, ...] = ()
    """Nothing where what the model answers is no probability."""
    robustness: tuple[Curve, ...] = ()


def measured(bundle: Bundle, data: PreparedData, workload: Workload) -> Measured | None:
    """Return what the bundle does on the test split; None where it does not take this data any more."""
    exam, metric = catalogue.exam(workload.kind), catalogue.metric(workload.kind)
    paper = Paper(exam, data, workload.train, workload.gate, metric)
    if unfit(bundle, paper) is not None:
        return None
    with limited(workload.train):
        sitting = sit(paper, bundle)
        return Measured(
            metric=paper.metric,
            metrics=tuple(_metrics(sitting)),
            slices=tuple(_slices(sitting)),
            calibration=tuple(_bins(sitting)),
            robustness=tuple(_curves(sitting)),
        )


def _metrics(sitting: Sitting) -> Iterator[Estimate]:
    every, right = np.arange(len(sitting.probabilities)), sitting.right()
    bounds = bootstrapped(sitting.measures, every, sitting.paper.config.seed)
    if right is not None:
        bounds[sitting.paper.metric] = wilson(int(right.sum()), len(every))
    for name, value in sitting.measures(every).items():
        if not np.isfinite(value):
            continue
        low, high = bounds.get(name, (None, None))
        yield Estimate(name=name, value=value, low=low, high=high, count=len(every))


def _slices(sitting: Sitting) -> Iterator[Estimate]:
    for name, mask in sitting.paper.exam.slices(sitting.paper.data).items():
        places = np.flatnonzero(mask)
        if not len(places):
            continue
        right: Mask | None = sitting.slice_right(places)
        share = None if right is None else wilson(int(right[places].sum()), len(places))
        low, high = share or _bootstrapped(sitting, places)
        yield Estimate(name=name, value=sitting.slice_value(places), low=low, high=high, count=len(places))


def _bootstrapped(sitting: Sitting, places: Int64) -> tuple[float, float] | tuple[None, None]:
    def metrics(drawn: Int64) -> dict[str, float]:
        return {"value": sitting.value(drawn)}

    return bootstrapped(metrics, places, sitting.paper.config.seed).get("value", (None, None))


def _bins(sitting: Sitting) -> Iterator[Bin]:
    paper = sitting.paper
    if not paper.exam.believable(paper.config):
        return
    curve = reliability(sitting.probabilities, np.asarray(paper.data.labels("test")))
    for promised, found, count in zip(curve.promised.tolist(), curve.found.tolist(), curve.count.tolist(), strict=True):
        low, high = wilson(round(found * count), count)
        yield Bin(promised=promised, found=found, low=low, high=high, count=count)


def _curves(sitting: Sitting) -> Iterator[Curve]:
    """Spoil the examples that the gate spoils, at every severity."""
    paper, seed = sitting.paper, sitting.paper.config.seed
    places = of_each_class(np.asarray(paper.data.labels("test")), paper.gate.robustness.examples, seed)
    examples, unspoilt = paper.data.inputs("test")[places], sitting.value(places)
    for name, spoil in paper.exam.corruptions(paper.data, paper.config).items():
        spoilt = (answering(sitting, spoil(examples, severity, seed), places).value(places) for severity in SEVERITIES)
        values = (unspoilt, *spoilt)
        if np.isfinite(values).all():  # so few examples may have no such metric
            yield Curve(name=name, values=values)
