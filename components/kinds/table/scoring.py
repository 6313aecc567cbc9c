"""Very many records, from a table in order of time: what the endpoint would remember is kept in this process alone."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.contract import Observations
from components.kinds.table.codec import records, values
from components.kinds.table.codec.features import (
    DAY,
    Definition,
    Entity,
    Events,
    Float32,
    Int8,
    Int64,
    assemble,
    lookback,
    window_names,
    windows,
)
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.reader import HISTORY, not_in_the_future
from components.kinds.table.codec.schema import Schema

SUFFIXES = ()
CHUNK_ROWS = 20_000
READ_ROWS = 500

_ENTITY = "entity_"
_GRACE = 7 * DAY  # milliseconds that a record is known beyond the longest window, as in the endpoint's memory
_FEW = 1_000  # names without a record that are kept


def fields(input: Input) -> dict[str, tuple[str, bool]]:
    """Name the fields of a record: the table's own columns, and windows where the caller has to bring them.

    A column of numbers that are written as text is one of texts here: it is read as the schema says, not as it stands.
    """
    columns = Schema.model_validate(input["schema"]).columns
    written = {name for name, column in columns.items() if column.decimal is not None}
    complete = {
        name: ("string" if name in written else kind, required)
        for name, (kind, required) in records.fields(input).items()
    }
    if input["history"] == "caller":
        return complete
    windows = window_names(Definition.model_validate(input["definition"]))
    return {name: field for name, field in complete.items() if name not in windows}


def is_row(path: str) -> bool:
    """Return False: rows come in tables."""
    return False


def identity(input: Input) -> str | None:
    """Return the column with the id of a record."""
    return Definition.model_validate(input["definition"]).id


def probability(probabilities: NDArray[np.float32], chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return that of the positive class, `[N]` of `[N, 2]`."""
    positive: NDArray[np.float32] = probabilities[:, 1]
    return positive


def observations(rows: Sequence[Mapping[str, Any]], input: Input) -> dict[str, NDArray[Any]]:
    """Return what a `SequenceMemory` observes of `rows`, `[N]` or `[N, columns]` each.

    Raises:
        BadRequest: a value is not what its column holds, or a time has not come.
    """
    definition = Definition.model_validate(input["definition"])
    times = values.times(rows, definition)
    not_in_the_future(times)
    ids = values.texts(rows, definition.id) if definition.id else [""] * len(rows)
    return {
        "numbers": values.numbers(rows, definition),
        "categories": values.categories(rows, definition),
        "time": times,
        "amount": values.amounts(rows, definition),
        "id": np.array(ids, dtype=np.str_),
        **{_ENTITY + entity.name: _texts(rows, entity.name) for entity in definition.entities},
    }


def memory(input: Input, files: Path) -> "RecordMemory | None":
    """Return the memory that begins with what the bundle brings; None where records bring theirs, or have none."""
    definition = Definition.model_validate(input["definition"])
    if input["history"] == "caller" or not definition.entities:
        return None
    return RecordMemory(definition, files / HISTORY)


class RecordMemory:
    """What an endpoint remembers of each entity remembers it that was asked nothing else.

    Holds what the longest window reaches back to, never the whole table.
    """

    def __init__(self, definition: Definition, before: Path) -> None:
        """Begin with the records of the archive `before`, which the bundle carries."""
        self._definition = definition
        self._keep = lookback(definition) + _GRACE
        self._entities = {entity.name: _Remembered(entity, definition) for entity in definition.entities}
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()  # time and number of arrival by id
        self._arrived = 0
        self._latest: int | None = None
        with np.load(before) as archive:
            seed = {name: archive[name] for name in archive.files}
        self._observe(seed, seed["label"])

    def examples(self, observations: Observations) -> Float32:
        """Return the features `[N, F]` of records that follow those given before, and remember them.

        A record whose id was there before counts once, and has the windows of the one that came first.

        Raises:
            DataError: they are not in order of time.
        """
        times = observations["time"]
        self._check_order(times)
        arrivals = self._observe(observations, np.full(len(times), -1, dtype=np.int8))
        found = [remembered.windows(arrivals) for remembered in self._entities.values()]
        self._forget()
        return assemble(observations["numbers"], times, found, observations["categories"])

    def _check_order(self, times: Int64) -> None:
        line = times if self._latest is None else np.concatenate([[self._latest], times])
        back = np.flatnonzero(np.diff(line) < 0)
        if len(back):
            earlier, later = (str(np.datetime64(int(line[back[0] + step]), "ms")) for step in (1, 0))
            raise DataError(
                f"the records are not in order of time: {earlier} comes after {later}; "
                f"sort the table by {self._definition.time!r}: windows are made of what came before"
            )
        self._latest = int(line[-1]) if len(line) else None

    def _observe(self, observations: Observations, labels: Int8) -> Int64:
        """Remember the records that are new; return the number of arrival of each, or of the first with its id."""
        arrivals: list[int] = []
        new: list[int] = []
        for place, (id, time) in enumerate(
            zip(observations["id"].tolist(), observations["time"].tolist(), strict=True)
        ):
            arrival = self._arrived + len(new)
            if id:
                arrival = self._known.setdefault(id, (time, arrival))[1]
            if arrival == self._arrived + len(new):
                new.append(place)
            arrivals.append(arrival)
        for name, remembered in self._entities.items():
            names, times, amounts = (observations[key][new] for key in (_ENTITY + name, "time", "amount"))
            remembered.observe(names, times, amounts, labels[new], self._arrived)
        self._arrived += len(new)
        return np.array(arrivals, dtype=np.int64)

    def _forget(self) -> None:
        if self._latest is None:
            return
        since = self._latest - self._keep
        for remembered in self._entities.values():
            remembered.forget(since)
        while self._known and next(iter(self._known.values()))[0] <= since:
            self._known.popitem(last=False)


class _Remembered:
    """The records of one entity column."""

    def __init__(self, entity: Entity, definition: Definition) -> None:
        self._entity, self._definition = entity, definition
        self._events = Events.none()
        self._arrivals: Int64 = np.empty(0, dtype=np.int64)  # number of arrival of each event
        self._first = 0  # number of the first of the latest records
        self._new: Int64 = np.empty(0, dtype=np.int64)  # where those stand
        self._codes: dict[str, int] = {}
        self._left = 0  # names that had records when they were last numbered

    def observe(self, names: NDArray[np.str_], times: Int64, amounts: Int64, labels: Int8, first: int) -> None:
        """Take in records that arrive now, numbered from `first`; an empty name is no entity."""
        codes = [self._codes.setdefault(name, len(self._codes)) if name else -1 for name in names.tolist()]
        self._events, self._new = self._events.followed_by(np.array(codes, dtype=np.int64), times, amounts, labels)
        self._first = first
        arrivals = np.empty(len(self._events.time), dtype=np.int64)
        arrivals[self._new] = np.arange(first, first + len(self._new))
        known = np.ones(len(arrivals), dtype=np.bool_)
        known[self._new] = False
        arrivals[known] = self._arrivals  # their order among each other has not changed
        self._arrivals = arrivals

    def windows(self, arrivals: Int64) -> Float32:
        """Return the windows `[N, measures * days]` of records with these numbers, most of them the latest."""
        rows = np.empty_like(arrivals)
        new = arrivals >= self._first
        rows[new] = self._new[arrivals[new] - self._first]
        if not new.all():
            order = np.argsort(self._arrivals)
            rows[~new] = order[np.searchsorted(self._arrivals, arrivals[~new], sorter=order)]
        return windows(self._events, rows, self._entity, self._definition)

    def forget(self, since: int) -> None:
        """Drop the records up to that time, and the names of entities that have none left."""
        self._arrivals = self._arrivals[self._events.time > since]
        self._events = self._events.since(since)
        if len(self._codes) > 2 * self._left + _FEW:
            self._renumber()

    def _renumber(self) -> None:
        left = np.unique(self._events.entity[self._events.entity >= 0])
        self._left = len(left)
        new = {int(code): place for place, code in enumerate(left)}
        self._codes = {name: new[code] for name, code in self._codes.items() if code in new}
        codes = np.where(self._events.entity < 0, -1, np.searchsorted(left, self._events.entity))
        self._events = replace(self._events, entity=codes)


def _texts(rows: Sequence[Mapping[str, Any]], column: str) -> NDArray[np.str_]:
    return np.array(values.texts(rows, column), dtype=np.str_)
