"""How suggestions stand in a graph's outputs, and what they earn: a kind's network ends in them. Needs numpy alone.

`[N, 4 T]`: T items, the first suggestion first, their scores, the recent item that each stands on most, and the part of
its score that comes from there. Items are indices of the classes; -1: none.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST = 20
"""Suggestions of an answer, at most."""
COLUMNS = 4
"""What is said of a suggestion."""

_FIRST = 10  # suggestions that the discounted gain looks at
_SHOWN = 20  # that the recall does

Int64 = NDArray[np.int64]


class Ranked(NamedTuple):
    """Outputs, read."""

    items: NDArray[np.int64]
    """`[N, T]`, indices of the classes; -1: no further suggestion."""
    scores: NDArray[np.float32]
    because: NDArray[np.int64]
    """`[N, T]`, likewise; -1: it stands on none."""
    parts: NDArray[np.float32]


def width(classes: int) -> int:
    """Return the columns of the outputs; never as many as there are classes, which is how probabilities are told."""
    most = min(MOST, classes)
    return COLUMNS * (most if COLUMNS * most != classes else most - 1)


def ranked(outputs: NDArray[np.float32]) -> Ranked:
    """Return what `[N, 4 T]` say."""
    most = outputs.shape[1] // COLUMNS
    items, scores, because, parts = (outputs[:, place * most : (place + 1) * most] for place in range(COLUMNS))
    return Ranked(items.astype(np.int64), scores, because.astype(np.int64), parts)


def places(items: NDArray[np.generic], labels: Int64) -> Int64:
    """Return where the right item stands, from 0, `[N]`; `MOST` where it is not there.

    Args:
        items: `[N, T]`.
        labels: `[N]`.
    """
    hits = items == labels[:, None]
    return np.where(hits.any(axis=1), hits.argmax(axis=1), MOST).astype(np.int64)


def gains(metric: str, places: Int64) -> NDArray[np.float64]:
    """Return what each list earns, `[N]`, 0 to 1, from where its right item stands.

    `ndcg_at_10` is 1 / log2(2 + place) within ten (Järvelin and Kekäläinen 2002: with one right item the ideal gain is
    1), `recall_at_20` 1 within twenty.
    """
    if metric == "recall_at_20":
        return (places < _SHOWN).astype(np.float64)
    return np.where(places < _FIRST, 1.0 / np.log2(2.0 + places), 0.0)
