"""What happens to lists of recent items `[N, length + exclude]`: items are lost, in another order, or another's."""

import numpy as np
from numpy.typing import NDArray

Lists = NDArray[np.int32]

_PARTS = (0.1, 0.25, 0.5)  # of the items, by severity


def forgotten(length: int, lists: Lists, severity: int, seed: int) -> Lists:
    """Return lists that lack a part of their recent items; they are left out of what is suggested all the same."""
    random = np.random.default_rng(seed)
    changed = lists.copy()
    lost = random.random((len(lists), length)) < _PARTS[severity - 1]
    changed[:, :length][lost] = 0
    return changed


def swapped(length: int, lists: Lists, severity: int, seed: int) -> Lists:
    """Return lists a part of whose recent items are in another order."""
    random = np.random.default_rng(seed)
    changed = lists.copy()
    places = np.where(
        random.random((len(lists), length)) < _PARTS[severity - 1], random.random((len(lists), length)), 2.0
    )
    for row, (keys, there) in enumerate(zip(places, (lists[:, :length] > 0).sum(axis=1), strict=True)):
        chosen = np.flatnonzero(keys[:there] < 1.0)
        changed[row, chosen] = lists[row, chosen[np.argsort(keys[chosen])]]
    return changed


def strayed(length: int, items: int, lists: Lists, severity: int, seed: int) -> Lists:
    """Return lists a part of whose recent items are any others, as of who shares an account."""
    random = np.random.default_rng(seed)
    changed = lists.copy()
    there = (lists[:, :length] > 0) & (random.random((len(lists), length)) < _PARTS[severity - 1])
    changed[:, :length][there] = random.integers(1, items + 1, int(there.sum()))
    return changed
