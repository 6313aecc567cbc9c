"""Which days have drifted, such that of all watches without drift at most alpha ever raise an alarm.

The probability alpha is spent (Bonferroni, which holds however days and columns depend on each other) over all days to
come, the three windows of each, and the columns: see `spent`. A day is compared with each sort of day of the reference
and judged by the one that it is most like, since a holiday is like a Sunday.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.watch.statistics.drift.clusters import independent
from components.watch.statistics.drift.day import Day, together
from components.watch.statistics.drift.effects import Chance, distances
from components.watch.statistics.drift.reference import Reference

WINDOWS = (1, 2, 7)
"""How many days are looked at together, so that a small drift that lasts is found too."""
LEAST = 0.05
"""The smallest effect that can raise an alarm, whatever the number of rows."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Effects:
    """How far the columns of one window are from the reference, `[columns]` each."""

    size: Floats
    """Kolmogorov-Smirnov distance, or total variation of categories; 0 to 1."""
    threshold: Floats
    """Over which there is an alarm."""
    p_value: Floats
    """The alpha of the whole watch at which there would be an alarm."""
    sort: int
    """The sort of day of the reference that the window was compared with, an index; of several days the commonest."""


@dataclass(frozen=True)
class Drift:
    """What one day says, and the days before it with it."""

    rows: int
    day: Effects | None
    """None on a day without traffic."""
    two_days: Effects | None
    """Of the last two days together; none where not both had traffic."""
    week: Effects | None
    """Of the last seven days together; none where fewer than two of them had traffic."""
    drifted: tuple[str, ...]
    """The columns over their threshold."""

    @property
    def alarm(self) -> bool:
        """Whether there is any."""
        return bool(self.drifted)


def spent(day: int, alpha: float = 0.05) -> float:
    """Return the part of alpha that the day has, the first being 1; those of all days add up to alpha.

    1 / (t log^2 t), whose sum converges, but as slowly as can be: day 30 still has a 770th, day 365 a 27,000th.
    """
    return alpha / (2.10975 * (day + 1) * math.log(day + 1) ** 2)


def watch(reference: Reference, days: Sequence[Day], alpha: float = 0.05, least: float = LEAST) -> list[Drift]:
    """Compare each day with the reference.

    Args:
        reference: what the model was validated on.
        days: whole days, from the first on which the version was at work; those without traffic too.
        alpha: the probability of any alarm, in any column, on any day to come, where there is no drift.
        least: the smallest effect that matters.
    """
    by_chance, names = reference.chance(), list(reference.bins)
    sorts, found = [-1] * len(days), []
    for index, day in enumerate(days):
        level = spent(index + 1, alpha) / (len(WINDOWS) * max(len(names), 1))
        effects: list[Effects | None] = [None] * len(WINDOWS)
        if day.rows:
            alone = _like_some_day(reference, by_chance, day, level, alpha, least)
            sorts[index], effects[0] = alone.sort, alone
            for at, window in enumerate(WINDOWS[1:], start=1):
                recent = [one for one in range(max(0, index + 1 - window), index + 1) if days[one].rows]
                if len(recent) > 1:
                    shares = _shares([sorts[one] for one in recent], [days[one] for one in recent], reference)
                    pooled = together([days[one] for one in recent])
                    effects[at] = _effects(reference, by_chance, pooled, shares, level, alpha, least)
        over = [each.size > each.threshold for each in effects if each is not None]
        which = np.any(over, axis=0) if over else np.zeros(len(names), dtype=np.bool_)
        of_day, two_days, week = effects
        found.append(Drift(day.rows, of_day, two_days, week, tuple(np.array(names)[which].tolist())))
    return found


def _shares(sorts: list[int], days: list[Day], reference: Reference) -> Floats:
    """Return the part of each sort of day in the rows of some days."""
    rows = np.bincount(sorts, [day.rows for day in days], len(reference.counts)).astype(np.float64)
    found: Floats = rows / rows.sum()
    return found


def _like_some_day(
    reference: Reference, by_chance: Chance, day: Day, level: float, alpha: float, least: float
) -> Effects:
    """Return the effects against the day's weekday, or against the sort of day that it has not drifted from."""
    each = [
        _effects(reference, by_chance, day, shares, level, alpha, least) for shares in np.eye(len(reference.counts))
    ]
    closest = min(each, key=_furthest)
    own = np.flatnonzero(reference.weekdays == (-1 if day.weekday is None else day.weekday))
    return each[own[0]] if len(own) and (_furthest(each[own[0]]) <= 1 or _furthest(closest) > 1) else closest


def _furthest(effects: Effects) -> float:
    return float((effects.size / effects.threshold).max(initial=0))


def _effects(
    reference: Reference, by_chance: Chance, day: Day, shares: Floats, level: float, alpha: float, least: float
) -> Effects:
    """Compare with a mixture of the sorts of day, of which `shares` are the parts."""
    expected = np.einsum("s,scb->cb", shares, reference.counts / reference.rows[:, None, None])
    size = distances(day.counts / day.rows, expected, reference.category)
    live = 1 / independent(day.rows, reference.correlation, day.cluster)
    of_sort = [
        part**2 / independent(rows, reference.correlation, cluster)
        for part, rows, cluster in zip(shares, reference.rows, reference.clusters, strict=True)
    ]
    fewer = max(reference.day_rows / day.rows, 1.0)  # of a smaller day what entities make of it is more
    worth = 1 / (live + np.sum(of_sort, axis=0) + fewer * reference.between_days)
    clusters = day.rows / day.cluster
    log_p = np.where(size > least, by_chance.log_p(size, worth, clusters) + np.log(alpha / level), 0.0)
    threshold = np.maximum(by_chance.threshold(worth, clusters, level), least)
    return Effects(size, threshold, np.exp(np.minimum(log_p, 0)), int(shares.argmax()))
