"""When what is expected of a model is not to be believed: where its inputs have moved further than that carries.

The correction of the probabilities is learned on the validation split, and is another one where inputs are others.
"""

from collections.abc import Sequence

from components.watch.columns import OUTPUT
from components.watch.report import ColumnDrift, DriftDay, Quality
from components.watch.statistics.drift import EMBEDDING

CARRIES = 0.2
"""The effect of an input column up to which the interval of 95 % held in eight of ten runs of each metric and more, and
beyond which in as few as four: `benchmarks/expected_metrics.py`."""


def doubt(expected: Quality | None, drift: Sequence[DriftDay], columns: Sequence[ColumnDrift]) -> str:
    """Return why what is expected is not to be believed, as a sentence; empty: nothing says so.

    Args:
        expected: the metric that is expected before labels come.
        drift: by day.
        columns: of the latest day with answers.
    """
    latest = next((day for day in reversed(drift) if day.rows), None)
    if expected is None or expected.now.value is None or latest is None:
        return ""
    inputs = [each for each in columns if not each.column.startswith((OUTPUT, EMBEDDING))]
    moved = [each for each in inputs if each.column in latest.drifted and each.size > CARRIES]
    if not moved:
        return ""
    furthest = max(moved, key=lambda each: each.size)
    return (
        f"what is expected is not to be believed on {latest.day}: {furthest.column} has moved by {furthest.size:.2f}, "
        f"and beyond {CARRIES:g} its interval is too narrow; ask for labels"
    )
