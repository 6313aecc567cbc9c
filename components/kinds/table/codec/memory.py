"""The window memory: records as they arrive -> windows. Training, the endpoint and batch scoring make theirs here."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from components.kinds.table.codec.features import Definition, Entity, Float32, Int8, Int64, reach
from components.kinds.table.codec.windows import Events, windows

if TYPE_CHECKING:
    from components.kinds.table.codec.event_store import EventStore

Names = Sequence[str] | NDArray[np.str_]

_FEW = 1_000  # names without a record that are kept


@dataclass(frozen=True)
class Records:
    """N records in the order of their arrival, in which all that windows are made of is there."""

    time: Int64
    """[N] milliseconds since 1970."""
    amount: Int64
    """[N] in units of its last decimal."""
    label: Int8 | None
    """[N] 1 positive, 0 not, -1 not known; None: none is known."""
    entities: Mapping[str, Names | Int64]
    """[N] for each entity column: names, "" for none; an `ArrayMemory` takes codes too, below 0 for none."""
    ids: Names | None = None
    """[N] "" for none; None: no record has one."""


class WindowMemory(Protocol):
    """Remembers records, and makes the windows of those that arrive."""

    def windows(self, records: Records, /) -> list[Float32]:
        """Remember N records; return `[N, measures * days]` for each entity column, as `codec.windows` defines them.

        A record whose id was there before counts once, and has the windows of the record that came first.
        """


class StoredMemory:
    """A window memory in an event store, which workers and hosts share."""

    def __init__(self, store: "EventStore", definition: Definition) -> None:
        self._store, self._definition = store, definition

    def windows(self, records: Records) -> list[Float32]:
        """Remember the records, and return their windows; see `WindowMemory`. Raises what `EventStore.observe` does."""
        ids = [None] * len(records.time) if records.ids is None else [id or None for id in records.ids]
        found = self._store.observe(ids, records.time, records.amount, records.entities, records.label)
        return [
            windows(found[entity.name].events, found[entity.name].rows, entity, self._definition)
            for entity in self._definition.entities
        ]


class ArrayMemory:
    """A window memory in arrays of this process, for records in order of time."""

    def __init__(self, definition: Definition, keep: int | None = None) -> None:
        """Remember nothing yet.

        Args:
            definition: of the features.
            keep: milliseconds for which a record and its id are known, at least as far as windows reach back; None:
                records have no ids, and are dropped as soon as no window of their entity reaches them.
        """
        self._keep = keep
        self._entities = {entity.name: _EntityMemory(entity, definition, keep) for entity in definition.entities}
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()  # time and number of arrival by id
        self._arrived = 0

    def remember(self, records: Records) -> None:
        """Remember records that need no windows, and drop none."""
        _, new = self._number(records)
        for memory in self._entities.values():
            memory.observe(records, new, self._arrived)
        self._arrived += len(new)

    def windows(self, records: Records, wanted: Int64 | None = None) -> list[Float32]:
        """Remember the records, and return their windows; see `WindowMemory`.

        Args:
            records: none of an earlier time than those given before.
            wanted: `[W]` indices of the records whose windows are returned; None: of all.
        """
        arrivals, new = self._number(records)
        asked = arrivals if wanted is None else arrivals[wanted]
        found = []
        for memory in self._entities.values():  # one after the other: there may be many records
            memory.observe(records, new, self._arrived)
            found.append(memory.windows(asked))
            if len(records.time):
                memory.forget(int(records.time[-1]))
        self._arrived += len(new)
        if self._keep is not None and len(records.time):
            self._forget_ids(int(records.time[-1]) - self._keep)
        return found

    def _number(self, records: Records) -> tuple[Int64, Int64]:
        """Return the number of arrival of each record, or of the first with its id, and the indices of the new ones."""
        if records.ids is None:
            new = np.arange(len(records.time))
            return new + self._arrived, new
        arrivals: list[int] = []
        indices: list[int] = []
        for index, (id, time) in enumerate(zip(_list(records.ids), records.time.tolist(), strict=True)):
            arrival = self._arrived + len(indices)
            if id:
                arrival = self._known.setdefault(id, (time, arrival))[1]
            if arrival == self._arrived + len(indices):
                indices.append(index)
            arrivals.append(arrival)
        return np.array(arrivals, dtype=np.int64), np.array(indices, dtype=np.int64)

    def _forget_ids(self, until: int) -> None:
        while self._known and next(iter(self._known.values()))[0] <= until:
            self._known.popitem(last=False)


class _EntityMemory:
    """The records of one entity column."""

    def __init__(self, entity: Entity, definition: Definition, keep: int | None) -> None:
        self._entity, self._definition = entity, definition
        self._keep = reach(entity, definition) if keep is None else keep
        self._events = Events.none()
        self._arrivals: Int64 | None = None if keep is None else np.empty(0, dtype=np.int64)
        """Number of arrival of each event, where earlier records may be asked for again."""
        self._first = 0  # number of the first of the latest records
        self._latest: Int64 = np.empty(0, dtype=np.int64)  # where those stand
        self._codes: dict[str, int] = {}
        self._left = 0  # names that had records when they were last numbered

    def observe(self, records: Records, new: Int64, first: int) -> None:
        """Take in the records at the indices `new`, numbered from `first`."""
        count = len(records.time)
        label = np.full(count, -1, dtype=np.int8) if records.label is None else records.label
        columns = (self._coded(records.entities[self._entity.name]), records.time, records.amount, label)
        if len(new) < count:
            columns = tuple(column[new] for column in columns)  # type: ignore[assignment]
        self._events, self._latest = self._events.followed_by(*columns)
        self._first = first
        if self._arrivals is not None:
            arrivals = np.empty(len(self._events.time), dtype=np.int64)
            arrivals[self._latest] = np.arange(first, first + len(new))
            earlier = np.ones(len(arrivals), dtype=np.bool_)
            earlier[self._latest] = False
            arrivals[earlier] = self._arrivals  # their order among each other has not changed
            self._arrivals = arrivals

    def windows(self, arrivals: Int64) -> Float32:
        """Return the windows `[N, measures * days]` of records with these numbers, most of them the latest."""
        rows = np.empty_like(arrivals)
        new = arrivals >= self._first
        rows[new] = self._latest[arrivals[new] - self._first]
        if self._arrivals is not None and not new.all():
            order = np.argsort(self._arrivals)
            rows[~new] = order[np.searchsorted(self._arrivals, arrivals[~new], sorter=order)]
        return windows(self._events, rows, self._entity, self._definition)

    def forget(self, now: int) -> None:
        """Drop the records that are older than is kept, and the names of entities that have none left."""
        since = now - self._keep
        if self._arrivals is not None:
            self._arrivals = self._arrivals[self._events.time > since]
        self._events = self._events.since(since)
        if len(self._codes) > 2 * self._left + _FEW:
            self._renumber()

    def _coded(self, names: Names | Int64) -> Int64:
        if isinstance(names, np.ndarray) and names.dtype.kind == "i":
            return names.astype(np.int64, copy=False)
        codes = [self._codes.setdefault(name, len(self._codes)) if name else -1 for name in _list(names)]
        return np.array(codes, dtype=np.int64)

    def _renumber(self) -> None:
        left = np.unique(self._events.entity[self._events.entity >= 0])
        self._left = len(left)
        new = {int(code): index for index, code in enumerate(left)}
        self._codes = {name: new[code] for name, code in self._codes.items() if code in new}
        codes = np.where(self._events.entity < 0, -1, np.searchsorted(left, self._events.entity))
        self._events = replace(self._events, entity=codes)


def _list(names: Names | Int64) -> Sequence[str]:
    listed: Sequence[str] = names.tolist() if isinstance(names, np.ndarray) else names
    return listed
