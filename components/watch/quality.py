"""How good a version's answers are: by the labels that have come, and by what its probabilities lead to expect."""

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from components.tasks.rates import Rate
from components.watch.bundles import Bundle
from components.watch.labelled import LabelledDay
from components.watch.report import DayEstimate, Estimate, Quality
from components.watch.statistics.confidence_sequence import known_interval, mean_interval
from components.watch.statistics.expected_metric import expected_metric
from components.watch.statistics.harm import Harm, harm
from components.watch.statistics.interval import UNKNOWN, Interval
from components.watch.statistics.tally import Tally, joined, tally

ALPHA = 0.05


def largest_weight(share: float, least: float, asked: float) -> float | None:
    """Return by how much one label may count, which is known before any comes; None: one says that it was less likely.

    Args:
        share: the smallest probability with which the log kept a row.
        least: the smallest probability with which a label was asked for; 1 where none says its.
        asked: the smallest probability with which a label is asked for, where labels say theirs.
    """
    if not is_asked_enough(least, asked):
        return None
    return 1 / (share * (asked if least < 1 else 1.0))


def is_asked_enough(least: float, asked: float) -> bool:
    """Whether labels that were asked for with at least the probability `least` count for no more than was said."""
    return least >= asked * (1 - 1e-9)


def measured(bundle: Bundle, labelled: Mapping[date, LabelledDay], most: float | None = None) -> tuple[Quality, ...]:
    """Return each metric by day and of all days, of days whose labels are mature.

    Args:
        bundle: of the version.
        labelled: by day.
        most: see `largest_weight`; None: the largest that is there.
    """
    found = []
    for name, rate in bundle.rates.items():
        of_day = {day: each.rates[name] for day, each in sorted(labelled.items()) if name in each.rates}
        whole = joined(list(of_day.values())) if of_day else None
        found.append(
            Quality(
                metric=name,
                lower_is_better=rate.lower_is_better,
                reference=_of_reference(rate),
                now=Estimate() if whole is None else estimate(whole, rate.scale, most=most),
                days=tuple(
                    DayEstimate(day=day, **estimate(each, rate.scale, most=most).model_dump())
                    for day, each in of_day.items()
                ),
            )
        )
    return tuple(found)


def harmed(
    bundle: Bundle, labelled: Mapping[date, LabelledDay], tolerance: float, most: float | None
) -> tuple[Harm, str, list[date]] | None:
    """Return what the deciding metric's losses say, its name, and the days; None: nothing can be compared.

    Args:
        bundle: of the version.
        labelled: by day.
        tolerance: by how much losses may exceed the upper bound of those on the validation split.
        most: see `largest_weight`; None: it is not known, so the test would promise too much.
    """
    if most is None:
        return None
    name, before = next(iter(bundle.rates.items()))
    tallies = {day: each.rates[name] for day, each in sorted(labelled.items()) if name in each.rates}
    if not before.counted.any() or not tallies:
        return None
    bound = mean_interval(before.losses, alpha=ALPHA).high + tolerance
    losses = [each.losses(before.lower_is_better) for each in tallies.values()]
    weights, counts = [each.weights for each in tallies.values()], [each.counts for each in tallies.values()]
    return harm(losses, bound, ALPHA, weights, most, counts), name, list(tallies)


def expected_of_day(bundle: Bundle, outputs: NDArray[np.float32]) -> Estimate | None:
    """Return what the deciding metric is expected to be, by a day's outputs alone; None: it cannot be.

    Args:
        bundle: of the version.
        outputs: `[N, K]`, a sample of the day's.
    """
    live, about, arrays = bundle.live, bundle.about, bundle.arrays
    if live is None or about is None or arrays is None or not live.DRAWS or not about.classes or not len(outputs):
        return None
    name = next(iter(bundle.rates))

    def metric(labels: NDArray[np.int64]) -> float:
        return live.rates(outputs, labels, about.decision, arrays.outputs)[name].value

    return Estimate(rows=len(outputs), **_bounds(expected_metric(outputs, metric, bundle.calibration), 1.0))


def expected(bundle: Bundle, days: Mapping[date, Estimate]) -> Quality | None:
    """Return what the deciding metric is expected to be on each day, before any label; None: it cannot be.

    Args:
        bundle: of the version.
        days: what `expected_of_day` says of each.
    """
    if bundle.live is None or bundle.about is None or not bundle.live.DRAWS or not bundle.about.classes:
        return None
    name, before = next(iter(bundle.rates.items()))
    found = [DayEstimate(day=day, **each.model_dump()) for day, each in sorted(days.items())]
    return Quality(
        metric=name,
        lower_is_better=before.lower_is_better,
        reference=_of_reference(before),
        now=Estimate(**found[-1].model_dump(exclude={"day"})) if found else Estimate(),
        days=tuple(found),
    )


def _of_reference(rate: Rate) -> Estimate:
    values = rate.values[rate.counted]
    return estimate(tally(values, np.ones(len(values))), rate.scale)


def estimate(tally: Tally, scale: float, alpha: float = ALPHA, most: float | None = None) -> Estimate:
    """Return the mean and its interval, which holds at all times with a probability of 1 - `alpha`.

    Args:
        tally: of values from 0 to 1.
        scale: what a value of 1 stands for.
        alpha: over 0, below 1.
        most: see `largest_weight`; None: the largest weight that is there.
    """
    if not tally.rows:
        return Estimate()
    found = known_interval(tally.values, tally.weights, alpha, tally.counts, tally.step, most)
    return Estimate(rows=tally.rows, **_bounds(found, scale))


def _bounds(interval: Interval, scale: float) -> dict[str, float | None]:
    if interval == UNKNOWN or np.isnan(interval.estimate):
        return {"value": None, "low": None, "high": None}
    named = {"value": interval.estimate, "low": interval.low, "high": interval.high}
    return {name: float(value) * scale for name, value in named.items()}
