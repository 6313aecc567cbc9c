"""Calibration, for every kind: reliability, expected error, Brier score, and the temperature that corrects it.

Of two classes the probability that is looked at is the second's: a caller is told that one, and where positives are
rare the larger of the two would hide them. Of more classes it is the largest, that of the answer.

Written out here: torchmetrics has bins of equal width alone, scikit-learn's curve is for two classes, and its
temperature scaling takes an estimator, not logits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Of the expected calibration error: as many as Guo et al. take."""
FEWEST = 50
"""Labelled examples from which on a temperature is fitted."""
FEWEST_OTHERS = 10
"""Of them not of the commonest class: among nothing but negatives any certainty would be right."""

_COLDEST, _HOTTEST = 0.05, 20.0  # temperatures: a model beyond them has another fault
_HALVINGS = 50  # of their logarithms' distance: beyond what a float64 tells apart
_ROUNDING = 4  # decimals that are kept, so that the last bits of another processor's sums change nothing

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Reliability:
    """Predicted and observed probability, bin by bin, `[bins]` each; bins without examples are left out."""

    predicted: Float64
    """Mean probability."""
    observed: Float64
    """Share of examples of which it came true."""
    count: Int64
    """Examples."""


def reliability(probabilities: NDArray[np.floating], labels: Int64, bins: int = BINS) -> Reliability:
    """Return the reliability of `[N, classes]` probabilities, in bins of as many examples each.

    Bins of equal width hold nearly all examples in one where a model is sure of itself, and the rest say little of
    it; bins of equal mass estimate with less bias (Nixon et al. 2019, "Measuring Calibration in Deep Learning").
    Examples of the same probability share a bin.
    """
    predicted, observed = _predicted_and_observed(probabilities, labels)
    index = np.searchsorted(np.sort(predicted), predicted) * bins // max(len(predicted), 1)  # by the first of equals
    count = np.bincount(index, minlength=bins)
    filled = count > 0
    predicted, observed = (np.bincount(index, values, bins)[filled] / count[filled] for values in (predicted, observed))
    return Reliability(predicted, observed, count[filled])


def expected_calibration_error(probabilities: NDArray[np.floating], labels: Int64, bins: int = BINS) -> float:
    """Return how far predicted lie from observed probabilities, on average (Naeini et al. 2015, Guo et al. 2017).

    Of few examples it is above zero even if every probability is correct: by chance a bin has more or fewer than it
    predicts, about `sqrt(2 / pi * p * (1 - p) * bins / N)`.

    Args:
        probabilities: `[N, classes]`.
        labels: `[N]`, each an index of a class.
        bins: of as many examples each.
    """
    curve = reliability(probabilities, labels, bins)
    return float(np.average(np.abs(curve.predicted - curve.observed), weights=curve.count))


def brier_score(probabilities: NDArray[np.floating], labels: Int64) -> float:
    """Return the mean square of what the probabilities lack (Brier 1950): 0 is best.

    Of two classes that of the second class's, 0 to 1, as the field has it; of more the sum over the classes, 0 to 2,
    as Brier has it, which for two would be twice as much.

    Args:
        probabilities: `[N, classes]`.
        labels: `[N]`, each an index of a class.
    """
    if probabilities.shape[1] == 2:
        return float(np.mean((probabilities[:, 1] - (labels == 1).astype(np.float64)) ** 2))
    chosen = np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0].astype(np.float64)
    return float(np.mean((probabilities.astype(np.float64) ** 2).sum(axis=1) - 2 * chosen + 1))


def can_fit_temperature(labels: Int64) -> bool:
    """Whether a temperature can be found by examples of these labels."""
    commonest = int(np.bincount(labels).max(initial=0))
    return len(labels) >= FEWEST and len(labels) - commonest >= FEWEST_OTHERS


def fit_temperature(logits: NDArray[np.floating], labels: Int64) -> float:
    """Return the temperature by which to divide logits, so that their softmax is most likely (Guo et al. 2017).

    That is where the mean logit of the model's answers is that of the labels; the former only rises as the model cools,
    so halving finds where. Each label is taken for right with the probability (N + 1) / (N + 2), else for any other
    class: Platt's targets (1999), without which a model that makes no mistake among N examples would be told to be
    certain.

    Args:
        logits: `[N, classes]`, of examples that the model did not learn from.
        labels: `[N]`, each an index of a class.
    """
    values = logits.astype(np.float64)
    values -= values.max(axis=1, keepdims=True)
    wanted = _wanted(values, labels)
    cold, hot = np.log(_COLDEST), np.log(_HOTTEST)
    for _ in range(_HALVINGS):
        middle = (cold + hot) / 2
        too_sure = _answered(values, np.exp(-middle)) > wanted
        cold, hot = (middle, hot) if too_sure else (cold, middle)
    return round(float(np.exp((cold + hot) / 2)), _ROUNDING)


def _predicted_and_observed(probabilities: NDArray[np.floating], labels: Int64) -> tuple[Float64, Float64]:
    """Return the probability that is looked at, and 1 where it came true, `[N]` each."""
    if probabilities.shape[1] == 2:
        return probabilities[:, 1].astype(np.float64), (labels == 1).astype(np.float64)
    return probabilities.max(axis=1).astype(np.float64), (probabilities.argmax(axis=1) == labels).astype(np.float64)


def _wanted(logits: Float64, labels: Int64) -> float:
    """Return the mean logit of what the labels say."""
    count, classes = logits.shape
    correct = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    others = (logits.sum(axis=1) - correct) / (classes - 1)
    doubt = 1 / (count + 2)
    return float(((1 - doubt) * correct + doubt * others).mean())


def _answered(logits: Float64, factor: float) -> float:
    """Return the mean logit of what the model says with its logits times `factor`, which only rises with it."""
    chances = np.exp(factor * logits)
    return float(((chances * logits).sum(axis=1) / chances.sum(axis=1)).mean())
