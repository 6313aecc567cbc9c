"""Rows -> numbers of items, in one worker of one endpoint: by what it remembers of users, or by lists alone."""

import json
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import BadRequest
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.known_users import KnownUsers
from components.kinds.interactions.codec.lists import as_id, names
from components.kinds.interactions.codec.request import LISTS
from components.kinds.interactions.codec.seed import SEED, read_seed
from components.kinds.plain import PlainReader
from components.kinds.replaced import original_sha256

if TYPE_CHECKING:
    from components.kinds.interactions.codec.item_store import ItemStore

ITEMS = "items.json"
"""File of the bundle's `serving/` that names the items, in the order of their numbers."""

_NAMED = 3  # unknown items that a warning names
_STRANGERS = 10_000  # users of whom nothing is known that are told apart
_UNKNOWN_USER = "nothing is known of this user: what is popular is suggested"


class Reader(PlainReader):
    """Reads lists; what a user took is remembered, for the lists of that user that follow."""

    def __init__(self, workload: str, input: Input, serve: Mapping[str, Any], files: Path, memory: str | None) -> None:
        """Open the memory, and tell it what came before, unless it knows.

        Args:
            workload: whose memory it is.
            input: the bundle's description of one example.
            serve: the bundle's section `serve`; nothing of it is about one list.
            files: the directory with `items.json` and, where users are remembered, `history.npz`.
            memory: an SQLAlchemy address; None: nothing is remembered, a user is known by the bundle alone.
        """
        self._input = input
        path = files / ITEMS
        self._numbers = _numbers(path, path.stat().st_mtime_ns)
        self._user = input.get("user", "")
        self._users = _open(workload, input["repeats"], files / SEED, memory) if self._user else None
        self.batched_reads = bool(memory and self._user)
        self._strangers = OrderedDict[str, None]()

    def is_cheap(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the lists are few and short, and `read` waits for no database."""
        few = len(rows) <= 20 and sum(len(row.get(name) or ()) for row in rows for name in LISTS) <= 1_000
        return few and not (self.batched_reads and any(map(self._who, rows)))

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.int32]:
        """Return the lists of `rows` as `[N, length + exclude]`; an item that is not known keeps its place, as none.

        What a user took is remembered once this returns.

        Raises:
            BadRequest: a list is none, or more is to be left out than there is room for; then nothing is remembered.
        """
        length, room = self._input["length"], self._input["exclude"]
        recent, exclude = ([names(row.get(name), name) for row in rows] for name in LISTS)
        if (most := max(map(len, exclude), default=0)) > room:
            raise BadRequest(f"exclude: {most:,} items, at most {room:,} are taken; see prepare.exclude")
        examples = np.zeros((len(rows), length + room), dtype=np.int32)
        for index, taken in enumerate(self._latest_first(rows, recent)):
            latest, older = self._read(taken[:length]), self._read(taken[length:])
            examples[index, : len(latest)] = latest
            besides = [*self._read(exclude[index]), *([] if self._input["repeats"] else older)][:room]
            examples[index, length : length + len(besides)] = besides
        return examples

    def warnings(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[str]]:
        """Return of lists with items that the version does not know which these are, and of whom nothing is known."""
        found = {}
        for index, row in enumerate(rows):
            unknown = [name for name in names(row.get("recent"), "recent") if name not in self._numbers]
            shown = ", ".join(map(repr, unknown[:_NAMED]))
            more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
            said = [f"not known to this version, and passed over: {shown}{more}"] if unknown else []
            if self._who(row) in self._strangers:
                said.append(_UNKNOWN_USER)
            if said:
                found[index] = said
        return found

    def close(self) -> None:
        """Let go of the memory."""
        if self._users:
            self._users.close()

    def _latest_first(self, rows: Sequence[Mapping[str, Any]], recent: Sequence[list[str]]) -> list[list[str]]:
        """Return what each took, the latest first; of users what is remembered, with what they took by now."""
        found = [said[::-1] for said in recent]
        asking = [index for index, row in enumerate(rows) if self._users and self._who(row)]
        if self._users is None or not asking:
            return found
        users, now = [self._who(rows[index]) for index in asking], time.time_ns() // 1_000_000
        count = self._input["length"] + (0 if self._input["repeats"] else self._input["exclude"])
        known = self._users.latest(users, [recent[index] for index in asking], now, count)
        for index, user, taken in zip(asking, users, known, strict=True):
            found[index] = taken
            self._note(user, bool(taken))
        return found

    def _who(self, row: Mapping[str, Any]) -> str:
        """Return who asks, empty where nobody says so: 0 is somebody, and not a number, as tables have it, nobody."""
        said = row.get(self._user)
        return "" if said is None or said != said else as_id(said)

    def _note(self, user: str, known: bool) -> None:
        if known:
            self._strangers.pop(user, None)
            return
        self._strangers[user] = None
        if len(self._strangers) > _STRANGERS:
            self._strangers.popitem(last=False)

    def _read(self, said: Sequence[str]) -> list[int]:
        return [self._numbers.get(name, 0) for name in said]


def _open(workload: str, repeats: bool, seed: Path, address: str | None) -> "ItemStore | KnownUsers":
    if not address:
        return KnownUsers(seed, repeats)
    from components.kinds.interactions.codec.item_store import ItemStore  # here: lists alone need no database

    store = ItemStore(address, workload, repeats)
    if not store.seeded(name := original_sha256(seed)):
        store.seed(name, *read_seed(seed))
    return store


@lru_cache(maxsize=4)
def _numbers(path: Path, changed: int) -> dict[str, int]:
    """Return the number of each item, from 1."""
    found = json.loads(path.read_bytes())
    return {name: number for number, name in enumerate(found, 1)}
