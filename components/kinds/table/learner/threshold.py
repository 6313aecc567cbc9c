"""From which score on a record is flagged."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from components.kinds.table.params import Train

_ROUNDING = 1e-6  # of a probability: the record whose score was chosen is still flagged, however it is computed
_NOTHING = 700.0  # logits below 0 of a probability that is as good as none

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def choose(scores: Float32, labels: Int64, misses: Float32, config: "Train") -> float:
    """Return the threshold of a validation split, as `config` asks for it.

    Where no positive is known in it, scores are taken at their word: flagged is what costs more to miss, on average,
    than to flag in vain (Elkan 2001, "The Foundations of Cost-Sensitive Learning").

    Args:
        scores: `[N]`, 0 to 1.
        labels: `[N]`: 1, 0, -1 not known.
        misses: `[N]`, what each record costs if it is positive and not flagged.
        config: the recipe.
    """
    if config.labels == "none":
        return highest_share(scores, config.alerts)
    if not (labels == 1).any():
        return config.false_alarm / (config.false_alarm + float(misses.mean()))
    known = labels >= 0
    return cheapest(scores[known], labels[known] == 1, misses[known], config.false_alarm)


def cheapest(scores: Float32, positive: NDArray[np.bool_], misses: Float32, false_alarm: float) -> float:
    """Return the score at which flagging costs least; of equals, the highest.

    Args:
        scores: `[N]`, 0 to 1; what reaches the threshold is flagged.
        positive: `[N]`.
        misses: `[N]`, what each record costs if it is positive and not flagged.
        false_alarm: what a record costs that is flagged and not positive.

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


def at_temperature(threshold: float, temperature: float) -> float:
    """Return the threshold, found at temperature 1, where logits are divided by `temperature`: the same are flagged."""
    if temperature == 1.0 or not 0.0 < threshold < 1.0:
        return threshold
    logit = np.log(threshold) - np.log1p(-threshold)
    return float((1 - _ROUNDING) / (1 + np.exp(min(-logit / temperature, _NOTHING))))
