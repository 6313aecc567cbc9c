"""What is known of the share of right answers by the labels that were asked for so far, by active inference.

It is what `watch` reports (`components/watch/active.py`), without numpy, and of the rows that were to be asked about.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

FEWEST = 30
"""Labels by which the interval, which is that of the central limit, can be relied on."""
_SIDE = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Known:
    """A question that has been answered."""

    expected: float
    """How probable it was that the model's answer is wrong."""
    wrong: bool
    share: float
    """The probability with which it was asked."""


@dataclass(frozen=True)
class Point:
    """The share of right answers, and its interval of 95 % for one look, after so many labels."""

    labels: int
    value: float
    low: float
    high: float


def points(rows: int, total: float, squares: float, known: Iterable[Known]) -> list[Point]:
    """Return what is known after no label, after the first, the second, and so on; nothing: of fewer than two rows.

    Args:
        rows: that could be asked about.
        total: the sum of their expected losses.
        squares: the sum of the squares of these.
        known: in the order in which they were answered.
    """
    if rows < 2:
        return []
    found = [_point(0, rows, total, squares)]
    for count, each in enumerate(known, 1):
        moved = (each.wrong - each.expected) / each.share
        total, squares = total + moved, squares + moved * (2 * each.expected + moved)
        found.append(_point(count, rows, total, squares))
    return found


def _point(labels: int, rows: int, total: float, squares: float) -> Point:
    mean = total / rows
    half = _SIDE * sqrt(max(squares - rows * mean**2, 0.0) / (rows - 1) / rows)
    return Point(labels, _right(mean), _right(mean + half), _right(mean - half))


def _right(wrong: float) -> float:
    return min(max(1.0 - wrong, 0.0), 1.0)
