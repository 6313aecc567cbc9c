"""How many compromised cards are found by those who look into the most suspicious ones of each day."""

import numpy as np
from numpy.typing import NDArray

CARDS = 100
"""Cards a day that there are people to look into: the handbook's."""

Int64 = NDArray[np.int64]


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
