"""What the bundle knows of its users, where no endpoint remembers more: each row is answered by it, none adds to it."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from components.kinds.interactions.codec.seed import Int64, Names, read_seed


class KnownUsers:
    """Reads the seed of a bundle when a user is first asked about."""

    def __init__(self, seed: Path, repeats: bool) -> None:
        """Take the archive `seed`; `repeats`: whether an item that is known of its user counts again."""
        self._path, self._repeats = seed, repeats

    def latest(self, users: Sequence[str], items: Sequence[Sequence[str]], time: int, count: int) -> list[list[str]]:
        """Return what each of N users took last, the latest first, as `ItemStore.latest` would of each alone.

        Args:
            users: `[N]`.
            items: `[N]`, what each took by now besides; it is known to no other row.
            time: is not looked at.
            count: of the items that are returned of each, at most.
        """
        found = []
        for user, taken in zip(users, items, strict=True):
            whole = [*self._taken.of(user), *taken]
            found.append((whole if self._repeats else list(dict.fromkeys(whole)))[::-1][:count])
        return found

    def close(self) -> None:
        """Nothing is held open."""

    @cached_property
    def _taken(self) -> "_ByUser":
        users, items, _ = read_seed(self._path)
        order = np.argsort(users, kind="stable")
        names, starts = np.unique(users[order], return_index=True)
        return _ByUser(
            {name: place for place, name in enumerate(names.tolist())}, np.append(starts, len(users)), items[order]
        )


class _ByUser(NamedTuple):
    """Items user by user, each user's in the order of time."""

    places: dict[str, int]
    starts: Int64
    items: Names

    def of(self, user: str) -> list[str]:
        place = self.places.get(user)
        if place is None:
            return []
        found: list[str] = self.items[self.starts[place] : self.starts[place + 1]].tolist()
        return found
