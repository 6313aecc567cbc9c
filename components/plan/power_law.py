"""How an error falls with the number of training examples: as a power of it, as far as was tried.

error(n) = factor * n ** -exponent (Hestness and others 2017, "Deep Learning Scaling is Predictable, Empirically",
arXiv:1712.00409). The interval is of laws fitted to errors as other examinations of as many examples would have
found them (binomial), which does not know of the law being wrong further out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.plan.predicted import Predicted
from components.plan.service_time import Float64

FEWEST = 3
"""Sizes that a law is fitted to."""
_DRAWN = 400
_OUTSIDE = 0.05


@dataclass(frozen=True)
class Point:
    """What a training on so many examples has reached."""

    examples: int
    error: float
    """From 0 to 1, on examples that were not learned from."""
    examined: int
    """How many these were."""
    cpu: float
    """CPU seconds of the training."""
    seed: int = 0
    work: float = 0.0
    """Examples that it has computed, each as often as it was; 0: not known."""
    twice: float = 0.0
    """The same of a training on twice as many examples; 0: not known."""


@dataclass(frozen=True)
class PowerLaw:
    """A law, and others that might have been found."""

    factor: float
    exponent: float
    drawn: Float64
    """`[N, 2]`, factor and exponent of each."""

    def error(self, examples: float) -> Predicted:
        """Return the error with so many examples."""
        return self._interval(self.factor * examples**-self.exponent, self.drawn[:, 0] * examples ** -self.drawn[:, 1])

    def gain(self, examples: float, more: float) -> Predicted:
        """Return by how much the error falls with `more` examples."""
        drawn = self.drawn[:, 0] * (examples ** -self.drawn[:, 1] - (examples + more) ** -self.drawn[:, 1])
        own = self.factor * (examples**-self.exponent - (examples + more) ** -self.exponent)
        return self._interval(own, drawn)

    @staticmethod
    def _interval(value: float, drawn: Float64) -> Predicted:
        low, high = np.quantile(drawn, [_OUTSIDE, 1 - _OUTSIDE])
        return Predicted(float(value), float(low), float(high))


def fitted_law(points: Sequence[Point], seed: int = 0) -> PowerLaw | None:
    """Return the law by least squares of logarithms, each weighed by how well it is known; None: of too few sizes."""
    if len({point.examples for point in points}) < FEWEST:
        return None
    sizes = np.array([point.examples for point in points], dtype=np.float64)
    examined = np.array([point.examined for point in points], dtype=np.float64)
    wrong = np.array([point.error for point in points]) * examined
    random = np.random.default_rng(seed)
    drawn = random.binomial(examined.astype(np.int64), np.clip(wrong / examined, 0.0, 1.0), (_DRAWN, len(points)))
    laws = np.array([_fitted(sizes, each, examined) for each in drawn.astype(np.float64)])
    factor, exponent = _fitted(sizes, wrong, examined)
    return PowerLaw(factor, exponent, laws)


def _fitted(sizes: Float64, wrong: Float64, examined: Float64) -> tuple[float, float]:
    errors = (wrong + 0.5) / (examined + 1.0)  # nothing wrong is no error of nothing
    weights = (wrong + 0.5) / (1.0 - np.minimum(errors, 0.99))  # by the variance of the logarithm
    x, y = np.log(sizes), np.log(errors)
    weights = weights / weights.sum()
    mean_x, mean_y = weights @ x, weights @ y
    slope = float((weights @ ((x - mean_x) * (y - mean_y))) / (weights @ (x - mean_x) ** 2))
    return float(np.exp(mean_y - slope * mean_x)), -slope
