"""How good a version's answers are: by the labels that have come, and by what its probabilities lead to expect."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.inference.bundle import About
from components.inference.reference import ReferenceArrays
from components.kinds.prepared import known as is_known
from components.tasks.rates import Rate
from components.watch.report import DayEstimate, Estimate, Quality
from components.watch.rows import LabelledRow, VersionRows
from components.watch.statistics.calibration import EXACT, fit_calibration
from components.watch.statistics.confidence_sequence import mean_interval
from components.watch.statistics.expected_metric import expected_metric
from components.watch.statistics.harm import Harm, harm
from components.watch.statistics.interval import UNKNOWN, Interval

if TYPE_CHECKING:
    from components.tasks.contract import Live

ALPHA = 0.05
_CALIBRATED = 100  # labelled validation examples from which the calibration is fitted


def reference_rates(live: "Live", about: About, known: ReferenceArrays) -> Mapping[str, Rate]:
    """Return the rates on the labelled validation examples of the reference."""
    there = is_known(known.labels)
    return live.rates(known.outputs[there], known.labels[there], about.decision, known.outputs)


def measured(live: "Live", about: About, known: ReferenceArrays, rows: Sequence[LabelledRow]) -> tuple[Quality, ...]:
    """Return each metric by day and of all days, of rows whose labels are mature."""
    before = reference_rates(live, about, known)
    days = sorted({row.day for row in rows})
    of_day = {day: _rates(live, about, known, [row for row in rows if row.day == day]) for day in days}
    everything = _rates(live, about, known, rows) if rows else {}
    weights = np.array([1 / row.share for row in rows])
    found = []
    for name, rate in before.items():
        whole = everything.get(name)
        found.append(
            Quality(
                metric=name,
                lower_is_better=rate.lower_is_better,
                reference=_estimate(rate, None),
                now=Estimate() if whole is None else _estimate(whole, weights),
                days=tuple(
                    DayEstimate(day=day, **_estimate(of_day[day][name], _weights(rows, day)).model_dump())
                    for day in days
                ),
            )
        )
    return tuple(found)


def harmed(
    live: "Live", about: About, known: ReferenceArrays, rows: Sequence[LabelledRow], tolerance: float
) -> tuple[Harm, str, list[date]] | None:
    """Return what the deciding metric's losses say, its name, and the days; None: nothing can be compared."""
    name, before = next(iter(reference_rates(live, about, known).items()))
    if not before.counted.any() or not rows:
        return None
    bound = mean_interval(before.losses, alpha=ALPHA).high + tolerance
    days = sorted({row.day for row in rows})
    losses, weights = [], []
    for day in days:
        of_day = [row for row in rows if row.day == day]
        rate = _rates(live, about, known, of_day)[name]
        losses.append(rate.losses)
        weights.append(np.array([1 / row.share for row in of_day])[rate.counted])
    most = max((float(weight.max()) for weight in weights if len(weight)), default=1.0)
    return harm(losses, bound, ALPHA, weights, most), name, days


def expected(live: "Live", about: About, known: ReferenceArrays, rows: VersionRows) -> Quality | None:
    """Return what the deciding metric is expected to be on each day, before any label; None: it cannot be."""
    if not live.DRAWS or not about.classes:
        return None
    there = is_known(known.labels)
    name, before = next(iter(reference_rates(live, about, known).items()))
    entity = None if known.entity is None else known.entity[there]
    enough = int(there.sum()) >= _CALIBRATED
    calibration = fit_calibration(known.outputs[there], known.labels[there], entity) if enough else EXACT

    def of_day(outputs: NDArray[np.float32]) -> Interval:
        def metric(labels: NDArray[np.int64]) -> float:
            return live.rates(outputs, labels, about.decision, known.outputs)[name].value

        return expected_metric(outputs, metric, calibration)

    samples = {day: np.concatenate(rows.days[day].outputs) for day in sorted(rows.days) if rows.days[day].outputs}
    found = [
        DayEstimate(day=day, rows=len(outputs), **_bounds(of_day(outputs), 1.0)) for day, outputs in samples.items()
    ]
    latest = Estimate(**found[-1].model_dump(exclude={"day"})) if found else Estimate()
    return Quality(
        metric=name,
        lower_is_better=before.lower_is_better,
        reference=_estimate(before, None),
        now=latest,
        days=tuple(found),
    )


def _rates(live: "Live", about: About, known: ReferenceArrays, rows: Sequence[LabelledRow]) -> Mapping[str, Rate]:
    outputs = np.stack([row.outputs for row in rows])
    labels = np.array([row.label for row in rows])
    return live.rates(outputs, labels if not about.classes else labels.astype(np.int64), about.decision, known.outputs)


def _weights(rows: Sequence[LabelledRow], day: date) -> NDArray[np.float64]:
    return np.array([1 / row.share for row in rows if row.day == day])


def _estimate(rate: Rate, weights: NDArray[np.float64] | None) -> Estimate:
    count = int(rate.counted.sum())
    if not count:
        return Estimate()
    chosen = None if weights is None else weights[rate.counted]
    found = mean_interval(rate.values[rate.counted], chosen, ALPHA)
    return Estimate(rows=count, **_bounds(found, rate.scale))


def _bounds(interval: Interval, scale: float) -> dict[str, float | None]:
    if interval == UNKNOWN or np.isnan(interval.estimate):
        return {"value": None, "low": None, "high": None}
    named = {"value": interval.estimate, "low": interval.low, "high": interval.high}
    return {name: float(value) * scale for name, value in named.items()}
