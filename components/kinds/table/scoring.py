"""Very many records, from a table in order of time: what the endpoint would remember is kept in this process alone."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.table.codec import records, values
from components.kinds.table.codec.features import (
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
from components.kinds.table.codec.reader import HISTORY, not_in_the_future

SUFFIXES = ()
ROWS = 20_000
TOGETHER = 500

Facts = Mapping[str, NDArray[Any]]

_ENTITY = "entity_"
_GRACE = 7 * 86_400_000  # milliseconds that an id is known beyond the longest window, as the endpoint's memory has it


def fields(input: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    """Name the fields of a record: the table's own columns, and windows where the caller has to bring them."""
    complete = records.fields(input)
    if input["history"] == "caller":
        return complete
    windows = window_names(Definition.model_validate(input["definition"]))
    return {name: field for name, field in complete.items() if name not in windows}


def identity(input: Mapping[str, Any]) -> str | None:
    """Return the column with the id of a record."""
    return Definition.model_validate(input["definition"]).id


def probability(probabilities: NDArray[np.float32], chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return that of the positive class, `[N]` of `[N, 2]`."""
    positive: NDArray[np.float32] = probabilities[:, 1]
    return positive


def facts(rows: Sequence[Mapping[str, Any]], input: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return what `Past` has to know of `rows`, `[N]` or `[N, columns]` each.

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


def past(input: Mapping[str, Any], files: Path) -> "Past | None":
    """Return the past that the bundle brings; None where records bring theirs, or have none."""
    definition = Definition.model_validate(input["definition"])
    if input["history"] == "caller" or not definition.entities:
        return None
    return Past(definition, files / HISTORY)


class Past:
    """The past of each entity, as an endpoint remembers it that was asked nothing else.

    Holds what the longest window reaches back to, never the whole table.
    """

    def __init__(self, definition: Definition, before: Path) -> None:
        """Begin with the records of the archive `before`, which the bundle carries."""
        self._definition = definition
        self._keep = lookback(definition)
        self._entities = {entity.name: _Remembered(entity, definition) for entity in definition.entities}
        self._known: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._latest: int | None = None
        with np.load(before) as archive:
            seed = {name: archive[name] for name in archive.files}
        self._windows(seed, seed["label"])

    def examples(self, facts: Facts) -> Float32:
        """Return the features `[N, F]` of records that follow those given before, and remember them.

        A record whose id was there before counts once, and has the windows of the one that came first.

        Raises:
            DataError: they are not in order of time.
        """
        times = facts["time"]
        self._check_order(times)
        found = self._windows(facts, np.full(len(times), -1, dtype=np.int8))
        self._forget()
        return assemble(facts["numbers"], times, [found], facts["categories"])

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

    def _windows(self, facts: Facts, labels: Int8) -> Float32:
        ids: list[str] = facts["id"].tolist()
        first: dict[str, int] = {}
        new = [
            place
            for place, id in enumerate(ids)
            if not id or (id not in self._known and first.setdefault(id, place) == place)
        ]
        times, amounts = facts["time"][new], facts["amount"][new]
        each = [
            remembered.windows(facts[_ENTITY + name][new], times, amounts, labels[new])
            for name, remembered in self._entities.items()
        ]
        made = np.concatenate(each, axis=1)
        self._known.update(
            (ids[place], (time, row.tobytes()))
            for place, time, row in zip(new, times.tolist(), made, strict=True)
            if ids[place]
        )
        if len(new) == len(ids):
            return made
        found = np.empty((len(ids), made.shape[1]), dtype=np.float32)
        found[new] = made
        for place in set(range(len(ids))) - set(new):
            found[place] = np.frombuffer(self._known[ids[place]][1], dtype=np.float32)
        return found

    def _forget(self) -> None:
        if self._latest is None:
            return
        for remembered in self._entities.values():
            remembered.forget(self._latest)
        while self._known and next(iter(self._known.values()))[0] < self._latest - self._keep - _GRACE:
            self._known.popitem(last=False)


class _Remembered:
    """The records of one entity column."""

    def __init__(self, entity: Entity, definition: Definition) -> None:
        self._entity, self._definition = entity, definition
        self._events = Events.none()
        self._codes: dict[str, int] = {}

    def windows(self, names: NDArray[np.str_], times: Int64, amounts: Int64, labels: Int8) -> Float32:
        """Return the windows `[N, measures * days]` of records that arrive now; an empty name is no entity."""
        codes = [self._codes.setdefault(name, len(self._codes)) if name else -1 for name in names.tolist()]
        self._events, places = self._events.followed_by(np.array(codes, dtype=np.int64), times, amounts, labels)
        return windows(self._events, places, self._entity, self._definition)

    def forget(self, now: int) -> None:
        """Drop the records that no later window reaches, and the names of entities that have none left."""
        events = self._events.since(now - lookback(self._definition))
        left = np.unique(events.entity[events.entity >= 0])
        if len(self._codes) > 2 * len(left) + 1000:
            new = {int(code): place for place, code in enumerate(left)}
            self._codes = {name: new[code] for name, code in self._codes.items() if code in new}
            codes = np.where(events.entity < 0, -1, np.searchsorted(left, events.entity))
            events = Events(codes, events.time, events.amount, events.label)
        self._events = events


def _texts(rows: Sequence[Mapping[str, Any]], column: str) -> NDArray[np.str_]:
    return np.array(values.texts(rows, column), dtype=np.str_)
