"""What scores of records are measured by: how they rank, how well they are calibrated, and what they cost."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.calibration import brier_score, expected_calibration_error
from components.kinds.prepared import PreparedData
from components.kinds.ranking import average_precision, roc_auc
from components.kinds.table.codec.features import DAY
from components.kinds.table.codec.input import Decision, Input

CARDS = 100
"""Cards a day that there are people to look into: the handbook's."""

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_CERTAIN = 1e-7  # from 0 and 1: the log loss of a float32 stays finite


def ranking(data: PreparedData[Input], scores: NDArray[np.floating]) -> dict[str, float]:
    """Return how well `[N]` scores rank the test records.

    `average_precision`, `roc_auc`, and, where the table has cards, `card_precision_100`.
    """
    labels = np.asarray(data.labels("test"))
    found = {
        "average_precision": average_precision(labels, scores),
        "roc_auc": roc_auc(labels, scores),
    }
    if (data.path / "test_cards.npy").exists():
        cards, days = data.array("test", "cards"), data.array("test", "times") // DAY
        found[f"card_precision_{CARDS}"] = card_precision(cards, days, labels, scores)
    return found


def card_precision(cards: Int64, days: Int64, labels: Int64, scores: NDArray[np.floating], most: int = CARDS) -> float:
    """Return the part of the `most` highest-scored cards of a day that are compromised, averaged over the days.

    A card has the highest score of its records that day, and is compromised if one of them is positive; once found on
    a day, it is left out on later ones (Fraud Detection Handbook, chapter 4, "Card Precision top-k").

    Args:
        cards: `[N]`; below 0: none.
        days: `[N]`.
        labels: `[N]`, 0 or 1.
        scores: `[N]`.
        most: cards looked into a day.
    """
    found = np.empty(0, dtype=np.int64)
    shares = []
    for day in np.unique(days):
        today = np.flatnonzero((days == day) & (cards >= 0) & ~np.isin(cards, found))
        names, index = np.unique(cards[today], return_inverse=True)
        score, compromised = np.full(len(names), -np.inf), np.zeros(len(names), dtype=np.bool_)
        np.maximum.at(score, index, scores[today])
        np.logical_or.at(compromised, index, labels[today] == 1)
        looked = np.argsort(-score, kind="stable")[:most]
        shares.append(float(compromised[looked].sum() / most))
        found = np.append(found, names[looked][compromised[looked]])
    return float(np.mean(shares))


def credibility(labels: Int64, scores: NDArray[np.floating]) -> dict[str, float]:
    """Return how well `[N]` scores, taken for probabilities of the positive class, are calibrated."""
    return {
        "log_loss": log_loss(labels, scores),
        "expected_calibration_error": expected_calibration_error(_both(scores), labels),
        "brier_score": brier(labels, scores),
    }


def brier(labels: Int64, scores: NDArray[np.floating]) -> float:
    """Return the Brier score of `[N]` probabilities of the positive class."""
    return brier_score(_both(scores), labels)


def _both(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.stack([1.0 - scores, scores], axis=1)


def log_loss(labels: Int64, probabilities: NDArray[np.floating]) -> float:
    """Return the mean negative log likelihood of `[N]` labels, in nats; `[N]` probabilities of the positive class."""
    given = np.where(labels == 1, probabilities, 1.0 - probabilities).astype(np.float64)
    return float(-np.log(np.maximum(given, _CERTAIN)).mean())


def decided(
    labels: Int64, misses: Float64, scores: Float32, decision: Decision, false_alarm: float
) -> dict[str, float]:
    """Return what comes of flagging the records whose score reaches the threshold.

    `precision` and `recall`; `cost_per_1000` records, where a missed positive costs what `misses` says and a false
    alarm `false_alarm`; and for comparison `flag_nothing_cost_per_1000`.
    """
    positive, flagged = labels == 1, scores >= np.float32(decision["threshold"])
    hits = int((flagged & positive).sum())
    cost = misses[positive & ~flagged].sum() + false_alarm * (flagged & ~positive).sum()
    return {
        "precision": hits / max(int(flagged.sum()), 1),
        "recall": hits / max(int(positive.sum()), 1),
        "cost_per_1000": 1_000 * float(cost) / len(scores),
        "flag_nothing_cost_per_1000": 1_000 * float(misses[positive].sum()) / len(scores),
    }


def misses_of(data: PreparedData[Input]) -> Float64:
    """Return what each test record costs if it is positive and missed, `[N]`: its amount; 1 without amounts."""
    if data.input["amount_feature"] is None:
        return np.ones(len(data.labels("test")))
    return np.asarray(data.array("test", "amounts"))
