"""How good answers are in each slice, and since when one is worse than validation allows.

A model may be as good as ever at large and worse in one part. The alarm of each slice is set such that of all watches
without harm in any of them at most 5 % ever raise one, over all slices and days.
"""

from collections.abc import Mapping
from datetime import date

from components.watch.bundles import Bundle
from components.watch.labelled import LabelledDay
from components.watch.quality import ALPHA, estimate
from components.watch.report import SliceQuality
from components.watch.statistics.confidence_sequence import mean_interval
from components.watch.statistics.harm import harm
from components.watch.statistics.tally import Tally, joined

SMALLEST = 20
"""Labelled validation examples of a slice that is judged."""


def slice_quality(
    bundle: Bundle, labelled: Mapping[date, LabelledDay], tolerance: float, most: float | None
) -> tuple[SliceQuality, ...]:
    """Return how each slice does on days whose labels are mature; those that do harm first, then by what they lost.

    Args:
        bundle: of the version.
        labelled: the days.
        tolerance: by how much the losses may exceed the upper bound of those on the validation split.
        most: see `quality.largest_weight`; None: it is not known, so no slice is judged.
    """
    judged = {name: before for name, before in bundle.slices.before.items() if before.rows >= SMALLEST}
    found = []
    for name, before in judged.items():
        days = {day: each.slices[name] for day, each in sorted(labelled.items()) if name in each.slices}
        if days:
            found.append(_judged(name, bundle, before, days, tolerance, ALPHA / len(judged), most))
    return tuple(sorted(found, key=lambda each: (each.since is None, -_lost(each))))


def _judged(
    name: str,
    bundle: Bundle,
    before: Tally,
    days: Mapping[date, Tally],
    tolerance: float,
    alpha: float,
    most: float | None,
) -> SliceQuality:
    metric = bundle.slices.metric
    rate, parts = bundle.rates[metric], list(days.values())
    losses = before.losses(rate.lower_is_better)
    bound = mean_interval(losses, alpha=alpha, counts=before.counts).high + tolerance
    since = None
    if most is not None:
        weights, counts = [each.weights for each in parts], [each.counts for each in parts]
        since = harm([each.losses(rate.lower_is_better) for each in parts], bound, alpha, weights, most, counts).since
    return SliceQuality(
        slice=name,
        metric=metric,
        lower_is_better=rate.lower_is_better,
        reference=estimate(before, rate.scale, alpha),
        now=estimate(joined(parts), rate.scale, alpha, most),
        since=None if since is None else list(days)[since],
    )


def _lost(found: SliceQuality) -> float:
    if found.now.value is None or found.reference.value is None:
        return 0.0
    return (found.reference.value - found.now.value) * (-1 if found.lower_is_better else 1)
