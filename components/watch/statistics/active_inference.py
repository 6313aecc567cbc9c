"""Which rows to ask labels for, and what a metric is that some labels are known for.

Zrnic and Candès, "Active statistical inference" (2024, arXiv 2403.03208): what the model expects of every row,
corrected by the labels of those that were asked for, each counted by how unlikely it was that it would be. It is
unbiased whatever the expectation is worth, and the better that is the narrower.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from components.watch.statistics.interval import UNKNOWN, Interval

UNIFORM = 0.2
"""The part of the questions that are put whatever is expected, so that no probability is near zero."""

Floats = NDArray[np.float64]

_ROUNDS = 50
_STEPS = 2.0**24


def asking_probabilities(expected: Floats, questions: float, uniform: float = UNIFORM) -> Floats:
    """Return with which probability to ask for each row's label, `[N]`, such that `questions` are asked on average.

    Proportional to how uncertain the loss is, sqrt(f (1 - f)) of one that is 0 or 1, mixed with the same for all.

    Args:
        expected: `[N]`, the expected loss of each row, 0 to 1, as 1 - confidence.
        questions: how many labels are wanted; as many as there are rows at most.
        uniform: the part that is the same for all, 0 to 1; over 0.
    """
    count = len(expected)
    questions = min(float(questions), float(count))
    doubt = np.sqrt(np.clip(expected * (1 - expected), 1e-12, None))
    shares = uniform / max(count, 1) + (1 - uniform) * doubt / max(doubt.sum(), 1e-12)
    found: Floats = np.minimum(1.0, shares * questions)
    for _ in range(_ROUNDS):  # what is over 1 goes to the others
        free = found < 1
        missing = questions - found.sum()
        if missing < 1e-9 or not free.any():
            break
        found = np.where(free, np.minimum(1.0, found * (1 + missing / found[free].sum())), found)
    return found


@dataclass(frozen=True)
class Sums:
    """What is to be known of rows, of which days may be added up: N, and sums over them."""

    rows: int = 0
    asked: int = 0
    """Rows whose label was asked for, and is known."""
    corrected: float = 0.0
    """Of the expected loss of each row, corrected by its label where it was asked for."""
    squares: float = 0.0
    """Of the squares of these."""

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.rows + other.rows,
            self.asked + other.asked,
            self.corrected + other.corrected,
            self.squares + other.squares,
        )

    def interval(self, alpha: float = 0.05) -> Interval:
        """Return the mean loss of all rows and its interval; see `estimate`."""
        if self.rows < 2:
            return UNKNOWN
        mean = self.corrected / self.rows
        variance = max(self.squares - self.rows * mean**2, 0.0) / (self.rows - 1)
        half = float(norm.ppf(1 - alpha / 2) * np.sqrt(variance / self.rows))
        return Interval(mean, mean - half, mean + half)


def expected_sums(expected: Floats) -> Sums:
    """Return the sums of rows whose labels are not looked at.

    Args:
        expected: `[N]`, the expected loss of each row.
    """
    return Sums(len(expected), 0, _sum(expected), _sum(expected**2))


def correction_sums(expected: Floats, losses: Floats, probability: Floats) -> Sums:
    """Return what is to be added to the sums of all rows for those that were asked for.

    Args:
        expected: `[n]`, the expected loss of each.
        losses: `[n]`, what they came to.
        probability: `[n]`, with which each was asked for, over zero.
    """
    moved = (losses - expected) / probability
    return Sums(0, len(expected), _sum(moved), _sum(moved * (2 * expected + moved)))


def _sum(values: Floats) -> float:
    """Return the sum of the values, each rounded to a multiple of 2^-24: it is the same in whatever order they come."""
    return float(np.rint(values * _STEPS).sum() / _STEPS)


def estimate(expected: Floats, losses: Floats, probability: Floats, alpha: float = 0.05) -> Interval:
    """Return the mean loss of all rows and its interval, which holds for one look.

    The interval is that of the central limit: it wants some thirty labels. For as many looks as one likes take
    `confidence_sequence.mean_interval` with the weights, which is wider and does not use what is expected.

    Args:
        expected: `[N]`, the expected loss of each row.
        losses: `[N]`, not a number where the label is not known.
        probability: `[N]`, with which each was asked for, over zero.
        alpha: over 0, below 1.
    """
    known = ~np.isnan(losses)
    corrections = correction_sums(expected[known], losses[known], probability[known])
    return (expected_sums(expected) + corrections).interval(alpha)
