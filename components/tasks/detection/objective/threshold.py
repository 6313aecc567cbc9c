"""From which score on an example is flagged."""

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-6  # part of a probability: the example whose score was chosen is still flagged, however it is computed

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def choose(
    scores: Float32, labels: Int64, misses: NDArray[np.float64] | None, config: Any, supervised: bool = True
) -> float:
    """Return the threshold of a validation split, as `config` asks for it.

    Where no positive is known in it, scores are taken at their word: flagged is what costs more to miss, on average,
    than to flag in vain (Elkan 2001, "The Foundations of Cost-Sensitive Learning").

    Args:
        scores: `[N]`, 0 to 1.
        labels: `[N]`: 1, 0, -1 not known.
        misses: `[N]`, what each example costs if it is positive and not flagged; None: 1.
        config: the section `train`.
        supervised: whether the scores were learned from labels.
    """
    if not supervised:
        return highest_share(scores, config.alerts)
    misses = np.ones(len(scores)) if misses is None else misses
    if not (labels == 1).any():
        return float(config.false_alarm / (config.false_alarm + misses.mean()))
    known = labels >= 0
    scores, positive = scores[known], labels[known] == 1
    if config.least_precision is not None:
        found = by_precision(scores, positive, config.least_precision)
    elif config.least_recall is not None:
        found = by_recall(scores[positive], config.least_recall)
    else:
        found = cheapest(scores, positive, misses[known], config.false_alarm)
    return found if found == 1.0 else found * (1.0 - _ROUNDING)


def by_precision(scores: Float32, positive: NDArray[np.bool_], least: float) -> float:
    """Return the lowest score from which on the part `least` of what is flagged is positive; 1.0 where none is.

    Args:
        scores: `[N]`, 0 to 1.
        positive: `[N]`.
        least: 0 to 1.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # flagged with all that have the same score
    precision = (np.cumsum(positive[order]) / np.arange(1, len(order) + 1))[last]
    enough = np.flatnonzero(precision >= least)
    return float(scores[order][last][enough[-1]]) if len(enough) else 1.0


def by_recall(scores: Float32, least: float) -> float:
    """Return the score that at least the part `least` of the positives' scores `[n]` reach."""
    return float(np.sort(scores)[-ceil(least * len(scores))])


def cheapest(scores: Float32, positive: NDArray[np.bool_], misses: NDArray[np.float64], false_alarm: float) -> float:
    """Return the score at which flagging costs least; of equals, the highest.

    Args:
        scores: `[N]`, 0 to 1; what reaches the threshold is flagged.
        positive: `[N]`.
        misses: `[N]`, what each example costs if it is positive and not flagged.
        false_alarm: what an example costs that is flagged and not positive.

    Returns:
        One of the scores; 1.0 where it is cheapest to flag none.
    """
    order = np.argsort(-scores, kind="stable")
    saved = np.where(positive, misses.astype(np.float64), -false_alarm)[order]
    last = np.append(np.diff(scores[order]) != 0, True)  # flagged with all that have the same score
    balance = np.append(0.0, np.cumsum(saved)[last])
    return float(np.append(np.float32(1.0), scores[order][last])[balance.argmax()])


def highest_share(scores: Float32, share: float) -> float:
    """Return the score that the highest `share` of `[N]` scores reach: at least one does."""
    count = max(1, round(share * len(scores)))
    return float(np.sort(scores)[-count])
