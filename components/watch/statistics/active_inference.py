"""Which rows to ask labels for, and what a metric is that some labels are known for.

Zrnic and Candès, "Active statistical inference" (2024, arXiv 2403.03208): what the model expects of every row,
corrected by the labels of those that were asked for, each counted by how unlikely it was that it would be. It is
unbiased whatever the expectation is worth, and the better that is the narrower.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from components.watch.statistics.interval import UNKNOWN, Interval

UNIFORM = 0.2
"""The part of the questions that are put whatever is expected, so that no probability is near zero."""

Floats = NDArray[np.float64]

_ROUNDS = 50


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
    if len(expected) < 2:
        return UNKNOWN
    known = ~np.isnan(losses)
    corrected = expected + np.where(known, (losses - expected) / probability, 0.0)
    half = float(norm.ppf(1 - alpha / 2) * corrected.std(ddof=1) / np.sqrt(len(corrected)))
    mean = float(corrected.mean())
    return Interval(mean, mean - half, mean + half)
