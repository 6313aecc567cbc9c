"""Whether a loss is higher than the reference allows, looked at every day.

Podkopaev and Ramdas, "Tracking the risk of a deployed model and detecting harmful distribution shifts" (2022). Harm
is a statement about loss: an alarm says that the mean loss is, or since some day has been, above the upper bound of
the reference and a tolerance. Under the hypothesis that on every day the expected loss is at most that, whatever else
changes, the probability of ever raising an alarm is at most alpha. A confidence sequence of all days dilutes a change
by what was before; so the capital is divided among bets that begin on each day, of which day `s` gets 1 / ((s + 1)(s
+ 2)), as e-detectors do (Shin, Ramdas and Rinaldo 2022), and the one that is best says since when.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.watch.statistics.betting import BETS, log_capitals
from components.watch.statistics.interval import Interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Harm:
    """What the days so far say."""

    evidence: Floats
    """`[days]`: the capital by day. At 1 / alpha there is an alarm; 1 is what was there in the beginning."""
    alarm: int | None
    """The first day on which it was reached, an index; none where it never was."""
    since: int | None
    """Since which day the loss has most likely been higher, an index; none without an alarm."""


def tolerated(reference: Interval, tolerance: float) -> float:
    """Return the highest mean loss that is no harm: the upper bound of the reference and what is allowed besides."""
    return reference.high + tolerance


def harm(
    days: Sequence[Floats],
    bound: float,
    alpha: float = 0.05,
    weights: Sequence[Floats] | None = None,
    most: float = 1.0,
    counts: Sequence[NDArray[np.int64]] | None = None,
) -> Harm:
    """Look for a day since which the mean loss has been higher than `bound`.

    Args:
        days: of each day the losses `[N]` of the rows whose label is known, not negative. Rows of one entity that err
            together count as one: give their mean.
        bound: over zero; see `tolerated`.
        alpha: the probability of an alarm, in all days to come, where there is no harm.
        weights: of each day `[N]`: 1 / the probability with which each label came to be known.
        most: the largest weight that the way of asking allows, of all days.
        counts: of each day `[N]`, how many rows had the loss and the weight; one where it is left out.

    Raises:
        ValueError: a weight is larger than `most` says.
    """
    begun: list[Floats] = []
    evidence = np.zeros(len(days))
    alarm = since = None
    for day, losses in enumerate(days):
        stakes = np.ones(len(losses)) if weights is None else weights[day]
        if stakes.max(initial=0.0) > most * (1 + 1e-9):
            raise ValueError(f"a weight is {stakes.max():g}; at most {most:g} was said")
        share = -np.log((day + 1) * (day + 2) * len(BETS))
        times = np.ones(len(losses)) if counts is None else counts[day]
        gained = log_capitals(losses, times, bound, stakes / most)
        begun = [capital + gained for capital in [*begun, np.full(len(BETS), share)]]
        # what is not yet bet is kept: a share of 1 / (day + 2)
        evidence[day] = np.logaddexp.reduce(np.append(np.concatenate(begun), -np.log(day + 2)))
        if alarm is None and evidence[day] >= -np.log(alpha):
            alarm, since = day, int(np.argmax([np.logaddexp.reduce(capital) for capital in begun]))
    return Harm(np.exp(np.minimum(evidence, 700)), alarm, since)
