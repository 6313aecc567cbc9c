"""Whether a difference between two models on the same examples is more than chance.

A difference says by how much the challenger is better: its value less the champion's, of a loss the other way about;
p-values are one-sided.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

Metric = Callable[[Int64], float]
"""Indices of examples, which may repeat -> the metric on them."""

_FEW = 200  # draws that tell a standard error (Efron and Tibshirani 1993, section 6.4)
_MISSING = 0.025  # part of them that may have no value: no more than lies beyond either bound of 95 %
_STEPS = 40  # halvings of an interval of length 2: to 1e-12


class Difference(Protocol):
    """How much better the challenger is, and how sure that is."""

    @property
    def value(self) -> float:
        """The difference that was found."""

    def above(self, limit: float) -> float:
        """Return the p-value of: the true difference is above `limit`."""

    def below(self, limit: float) -> float:
        """Return the p-value of: the true difference is below `limit`."""

    @property
    def known(self) -> bool:
        """Whether it can be told from chance at all; where it cannot, every p-value is 1."""

    @property
    def remark(self) -> str:
        """What has to be said of how it was found; empty: nothing."""


@dataclass(frozen=True)
class PairedAnswers:
    """Of the share of right answers, by the examples on which only one of the two is right."""

    gained: int
    """Only the challenger is right."""
    lost: int
    """Only the champion is right."""
    count: int
    """Examples."""

    @property
    def value(self) -> float:
        """The difference that was found."""
        return (self.gained - self.lost) / self.count

    def above(self, limit: float) -> float:
        """Return the p-value of: the true difference is above `limit`."""
        if limit == 0.0:
            return mcnemar(self.gained, self.lost)
        return 1.0 - NormalDist().cdf(tango(self.gained, self.lost, self.count, limit))

    def below(self, limit: float) -> float:
        """Return the p-value of: the true difference is below `limit`."""
        return PairedAnswers(self.lost, self.gained, self.count).above(-limit)

    @property
    def known(self) -> bool:
        """Always: the test is exact."""
        return True

    @property
    def remark(self) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True)
class Resampled:
    """Of any metric, by the differences that other draws of the same examples give.

    A draw that has no value might have any: it counts against whatever is to be shown.
    """

    value: float
    samples: Float64
    """`[n]`, of the draws that have a value."""
    missing: int = 0
    """Draws that have none."""

    def above(self, limit: float) -> float:
        """Return the p-value of: the true difference is above `limit`.

        By percentiles: Efron and Tibshirani 1993, section 13.3.
        """
        return self._share(self.samples <= limit)

    def below(self, limit: float) -> float:
        """Return the p-value of: the true difference is below `limit`."""
        return self._share(self.samples >= limit)

    @property
    def known(self) -> bool:
        """Always: the draws without a value are in the p-values."""
        return True

    @property
    def remark(self) -> str:
        """Say how many draws have no value."""
        return _lacking(self.missing, self.missing + len(self.samples))

    def _share(self, against: NDArray[np.bool_]) -> float:
        return (1 + int(against.sum()) + self.missing) / (1 + len(self.samples) + self.missing)


@dataclass(frozen=True)
class Estimated:
    """Of any metric, by its standard error, taken for normal."""

    value: float
    error: float | None
    """None: not known, too many draws have no value."""
    missing: int = 0
    """Draws that have no value."""
    draws: int = _FEW
    """How often it was drawn."""

    @property
    def known(self) -> bool:
        """Whether there is a standard error."""
        return self.error is not None

    @property
    def remark(self) -> str:
        """Say how many draws have no value, and what that means."""
        lacking = _lacking(self.missing, self.draws)
        return lacking if self.known else f"{lacking}: too few examples to tell it from chance"

    def above(self, limit: float) -> float:
        """Return the p-value of: the true difference is above `limit`."""
        if self.error is None:
            return 1.0
        if self.error == 0.0:
            return 0.0 if self.value > limit else 1.0
        return NormalDist().cdf((limit - self.value) / self.error)

    def below(self, limit: float) -> float:
        """Return the p-value of: the true difference is below `limit`."""
        return Estimated(-self.value, self.error, self.missing, self.draws).above(-limit)


def paired_answers(challenger: NDArray[np.bool_], champion: NDArray[np.bool_]) -> PairedAnswers:
    """Return the difference of two shares of right answers, `[N]` each, to the same questions."""
    return PairedAnswers(int((challenger & ~champion).sum()), int((champion & ~challenger).sum()), len(challenger))


def bootstrap(ours: Metric, theirs: Metric, indices: Int64, resamples: int, seed: int) -> Resampled:
    """Return the difference of a metric on the examples at `indices`, drawn again with replacement, alike for both.

    Args:
        ours: the challenger's metric.
        theirs: the champion's.
        indices: `[N]`.
        resamples: how often to draw.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    draws = (indices[random.integers(0, len(indices), len(indices))] for _ in range(resamples))
    samples = np.array([ours(draw) - theirs(draw) for draw in draws])
    there = samples[np.isfinite(samples)]
    return Resampled(ours(indices) - theirs(indices), there, len(samples) - len(there))


def estimated(ours: Metric, theirs: Metric, indices: Int64, seed: int) -> Estimated:
    """Return the same difference by its standard error alone, which a few draws tell: for many questions at once.

    It is not known where more draws have no value than a bound of 95 % leaves out: the others are no sample of all.
    """
    found = bootstrap(ours, theirs, indices, _FEW, seed)
    error = float(found.samples.std()) if found.missing <= _MISSING * _FEW else None
    return Estimated(found.value, error, found.missing)


def standard_error(metric: Metric, indices: Int64, seed: int) -> float:
    """Return the standard error of a metric on the examples at `indices`, of those draws that have a value."""
    found = bootstrap(metric, lambda _: 0.0, indices, _FEW, seed)
    return float(found.samples.std()) if len(found.samples) else 0.0


def mcnemar(gained: int, lost: int) -> float:
    """Return the one-sided mid-p value of McNemar's exact test: gains outnumber losses by more than chance.

    The mid-p form: the exact one is needlessly strict (Fagerland, Lydersen and Laake 2013, BMC Medical Research
    Methodology 13:91). SciPy has no McNemar; statsmodels has the strict one.
    """
    return binomial_above(gained, gained + lost, 0.5)


def binomial_above(found: int, count: int, share: float) -> float:
    """Return the mid-p value of: `found` of `count` is more than a true share of `share` gives."""
    from scipy.special import bdtrc  # here: a third of a second that flows need which measure nothing

    return float(bdtrc(found, count, share) + bdtrc(found - 1, count, share)) / 2


def share_below(hits: int, count: int, share: float, calibrated_on: int) -> float:
    """Return the p-value of: `hits` of `count` show that less than `share` of them all do.

    A threshold or an interval that was set to the share by a number of other examples misses it by chance, too: with
    both, hits are beta-binomial (Vovk 2012, "Conditional validity of inductive conformal predictors"; Angelopoulos and
    Bates 2021, arXiv:2107.07511, appendix C).
    """
    from scipy.stats import betabinom  # here: a second that flows need which measure nothing

    of = max(calibrated_on, 1) + 1
    return float(betabinom.cdf(hits, count, max(share, 1e-9) * of, max(1.0 - share, 1e-9) * of))


def tango(gained: int, lost: int, count: int, limit: float) -> float:
    """Return the score statistic, standard normal, of a difference of two paired shares against `limit`.

    Tango 1998, Statistics in Medicine 17, equation 9: the variance is estimated under the limit, so that it is right
    for small counts and no disagreement at all. No Python library has it.
    """
    a, b = 2.0 * count, -gained - lost + (2.0 * count - gained + lost) * limit
    c = -lost * limit * (1.0 - limit)
    share = (math.sqrt(max(b * b - 4.0 * a * c, 0.0)) - b) / (2.0 * a)  # of the examples that only one has right
    variance = count * (2.0 * share + limit * (1.0 - limit))
    excess = gained - lost - count * limit
    return excess / math.sqrt(variance) if variance > 0.0 else math.copysign(math.inf, excess)


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Return which of several findings stand, so that all together are wrong at most at `level` (Holm 1979).

    SciPy has only the control of the false discovery rate, which promises less.
    """
    stands = [False] * len(p_values)
    for step, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > level / (len(p_values) - step):
            break
        stands[index] = True
    return stands


def interval(difference: Difference, confidence: float, reach: float = 1.0) -> tuple[float, float]:
    """Return the bounds that the true difference is above, and below, with one-sided `confidence` each.

    `reach`: how far from 0 they may lie.
    """
    level = 1.0 - confidence
    return _bound(difference.above, level, 1.0, reach), _bound(difference.below, level, -1.0, reach)


def _lacking(missing: int, draws: int) -> str:
    return f"{missing:,} of {draws:,} draws have no value" if missing else ""


def _bound(p_value: Callable[[float], float], level: float, sign: float, reach: float) -> float:
    """Return the limit at which `p_value`, which rises with `sign` times the limit, passes `level`."""
    low, high = -reach, reach
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(sign * middle) <= level else (low, middle)
    return sign * low
