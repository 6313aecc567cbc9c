"""Whether answers have become slower than they were, over all versions."""

from collections.abc import Sequence
from statistics import median

from components.watch.report import TrafficDay

FACTOR = 2.0
"""Times as long as on the days before."""
ROWS = 100
"""Answers of a day that is looked at, at least."""
DAYS = 3
"""Such days before the latest, at least."""


def slower(now: Sequence[TrafficDay], others: Sequence[TrafficDay] = ()) -> str:
    """Return that the answers of the latest day take longer than before, as a sentence; empty: they do not.

    It is no alarm: a machine that has other work to do is slow too.

    Args:
        now: the days of the version at work.
        others: those of the versions before it.
    """
    looked_at = [day for day in now if day.rows >= ROWS and day.median_ms is not None]
    if not looked_at:
        return ""
    latest = max(looked_at, key=lambda day: day.day)
    before = [
        day.median_ms for day in (*looked_at, *others) if day.day < latest.day and day.rows >= ROWS and day.median_ms
    ]
    if len(before) < DAYS or latest.median_ms is None or latest.median_ms <= FACTOR * (usual := median(before)):
        return ""
    return (
        f"answers have become slower: half of those of {latest.day} took over {latest.median_ms:.3g} ms, "
        f"{latest.median_ms / usual:.1f} times as long as on the days before: look at the machine, or at what changed"
    )
