"""Features: one definition, one code, for a whole table at training time and for one record at the endpoint.

Times are whole milliseconds since 1970 (UTC), amounts whole numbers of their last place, and nothing is divided before
the end: a window has the same value to the bit, however many records are computed at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, field_validator

DAY = 86_400_000
"""Milliseconds."""
MOST = 2**53
"""Last places of an amount, at most: up to here a float64 holds every whole number."""
CALENDAR = ("weekend", "night")

Measure = Literal["count", "mean", "risk"]
Int64 = NDArray[np.int64]
Int8 = NDArray[np.int8]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


class Entity(BaseModel):
    """What is remembered of an entity column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    days: tuple[int, ...]
    measures: tuple[Measure, ...]
    delayed: bool


class Definition(BaseModel):
    """Which features a record has; `input["definition"]` of a prepared data set and of a bundle."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time: str
    id: str | None
    amount: str | None
    decimals: int
    delay: float
    """Days until a label is known."""
    entities: tuple[Entity, ...]
    numbers: tuple[str, ...]
    """Columns taken as they are: numbers, and booleans as 0 and 1; missing is NaN."""
    categories: Mapping[str, tuple[str, ...]]
    """Columns taken as the place of their value in the list, from 1; 0 is missing or unknown.
    By name, as JSON with sorted keys brings them back."""

    @field_validator("categories")
    @classmethod
    def _by_name(cls, categories: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        return dict(sorted(categories.items()))


def names(definition: Definition) -> list[str]:
    """Return the names of the features, in their order."""
    calendar = [_free(name, definition) for name in CALENDAR]
    return [*definition.numbers, *calendar, *window_names(definition), *definition.categories]


def window_names(definition: Definition) -> list[str]:
    """Return the names of the features that need history: `{entity}_{measure}_{days}d`."""
    return [
        window_name(entity, measure, days, definition)
        for entity in definition.entities
        for measure in entity.measures
        for days in entity.days
    ]


def window_name(entity: Entity, measure: str, days: int, definition: Definition) -> str:
    """Return the name of one window."""
    return _free(f"{entity.name}_{measure}_{days}d", definition)


def label_features(definition: Definition) -> list[str]:
    """Return the names of the features that are made from labels."""
    risky = [entity for entity in definition.entities if "risk" in entity.measures]
    return [window_name(entity, "risk", days, definition) for entity in risky for days in entity.days]


def lookback(definition: Definition) -> int:
    """Return how many milliseconds the longest window reaches back, the delay included; 0 without entities."""
    return max((reach(entity, definition) for entity in definition.entities), default=0)


def reach(entity: Entity, definition: Definition) -> int:
    """Return how many milliseconds the entity's longest window reaches back, the delay included."""
    return max(entity.days) * DAY + _delay(entity, definition)


@dataclass(frozen=True)
class Events:
    """Records of one entity column, sorted by entity, then time, then arrival: `[N]` each."""

    entity: Int64
    """Code of the entity; below 0: none, and the record's windows are empty."""
    time: Int64
    """Milliseconds since 1970."""
    amount: Int64
    """In last places."""
    label: Int8
    """1 positive, 0 not, -1 not known."""

    @classmethod
    def none(cls) -> "Events":
        """Return no records."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, np.empty(0, dtype=np.int8))

    def followed_by(self, entity: Int64, time: Int64, amount: Int64, label: Int8) -> tuple["Events", Int64]:
        """Return these records and the given ones, which arrived after them, and the places of the given ones.

        Linear where the given records are few: the sort finds what is in order already (timsort).
        """
        entity, time = np.concatenate([self.entity, entity]), np.concatenate([self.time, time])
        order = np.argsort(_line(entity, time).keys(entity, time), kind="stable")
        entity, time = entity[order], time[order]  # one column after the other: there may be many records
        amount = np.concatenate([self.amount, amount])[order]
        label = np.concatenate([self.label, label])[order]
        new = np.flatnonzero(order >= len(self.entity))
        places = np.empty_like(new)
        places[order[new] - len(self.entity)] = new
        return Events(entity, time, amount, label), places

    def since(self, time: int) -> "Events":
        """Return the records later than `time`."""
        kept = self.time > time
        return Events(self.entity[kept], self.time[kept], self.amount[kept], self.label[kept])


def windows(events: Events, rows: Int64, entity: Entity, definition: Definition) -> Float32:
    """Return `[len(rows), measures * days]`: for each measure each window of the records at `rows` of `events`.

    A window of d days ends with the record itself: times in (t - d, t], without ties that arrived behind it; as
    pandas' `rolling` has it. Delayed, it ends where labels are known: times in (t - delay - d, t - delay], with all
    ties. A window without records, or for `risk` without labelled ones, is 0.
    """
    if len(rows) == 0:
        return np.empty((0, len(entity.measures) * len(entity.days)), dtype=np.float32)
    order = np.argsort(rows, kind="stable")  # neighbours in memory are looked up one after the other
    rows = rows[order]
    starts, ends = _bounds(events, rows, entity, definition)
    measured = [
        column
        for measure in entity.measures
        for column in _measured(measure, events, starts, ends, definition.decimals)
    ]
    table = np.empty((len(rows), len(measured)), dtype=np.float32)
    for place, column in enumerate(measured):
        table[order, place] = np.where(events.entity[rows] < 0, 0.0, column)
    return table


def calendar(times: Int64) -> Float32:
    """Return `[N, 2]`: 1 on Saturday and Sunday, else 0; 1 in the hours 0 to 6 inclusive, else 0. All in UTC."""
    weekday = (times // DAY + 3) % 7  # 1970 began on a Thursday; 0 is Monday
    hour = times % DAY // 3_600_000
    return np.stack([weekday >= 5, hour <= 6], axis=1).astype(np.float32)


def last_places(amounts: Float64, decimals: int) -> Int64:
    """Return amounts as whole numbers of their last place, rounded half to even; missing (NaN) counts as 0."""
    places: Float64 = np.rint(np.where(np.isnan(amounts), 0.0, amounts) * 10**decimals)
    return places.astype(np.int64)


def assemble(numbers: NDArray[Any], times: Int64, windows: Sequence[Float32], categories: NDArray[Any]) -> Float32:
    """Return the features `[N, F]` in the order of `names`.

    Args:
        numbers: `[N, numbers]`, NaN where missing.
        times: `[N]`.
        windows: `[N, measures * days]` for each entity.
        categories: `[N, categories]`, codes.
    """
    return np.concatenate([numbers, calendar(times), *windows, categories], axis=1, dtype=np.float32, casting="unsafe")


def _free(name: str, definition: Definition) -> str:
    """Return the name of a feature that is made: with `_made` behind it where a column has it already."""
    others = {definition.time, definition.id, definition.amount, *(entity.name for entity in definition.entities)}
    taken = others.union(definition.numbers, definition.categories)
    while name in taken:
        name += "_made"
    return name


def _delay(entity: Entity, definition: Definition) -> int:
    return round(definition.delay * DAY) if entity.delayed else 0


@dataclass(frozen=True)
class _Line:
    """Brings (entity, time) onto one line of whole numbers, in their order."""

    entity: int
    """The least code."""
    time: int
    """Just before the first time: 0 on the line is before every record of the entity."""
    span: int
    """Length of an entity's part."""

    def keys(self, entity: Int64, time: Int64) -> Int64:
        """Return the places on the line of records that stand on it."""
        places = (entity - self.entity) * self.span
        places += time
        places -= self.time
        return places

    def clipped(self, time: Int64) -> Int64:
        """Return times from just before the first on the line to the last."""
        return np.clip(time, self.time, self.time + self.span - 1)


def _line(entity: Int64, time: Int64) -> _Line:
    """Return the line on which the records stand.

    Raises:
        OverflowError: it is longer than an int64 counts; number the entities from 0.
    """
    if len(entity) == 0:
        return _Line(0, 0, 1)
    first, span = int(time.min()) - 1, int(time.max()) - int(time.min()) + 2
    least, most = int(entity.min()), int(entity.max())
    if (most - least + 1) * span > np.iinfo(np.int64).max:
        raise OverflowError(f"entities {least} to {most} over {span} ms do not fit int64: number them from 0")
    return _Line(least, first, span)


def _bounds(events: Events, rows: Int64, entity: Entity, definition: Definition) -> tuple[list[Int64], Int64]:
    """Return where the windows of each length start, for each row, and the place behind their end."""
    line = _line(events.entity, events.time)
    keys, mine = line.keys(events.entity, events.time), events.entity[rows]

    def first_after(times: Int64) -> Int64:
        return np.searchsorted(keys, line.keys(mine, line.clipped(times)), side="right")

    last = events.time[rows] - _delay(entity, definition)
    ends = first_after(last) if entity.delayed else rows + 1
    return [first_after(last - days * DAY) for days in entity.days], ends


def _measured(measure: Measure, events: Events, starts: Sequence[Int64], ends: Int64, decimals: int) -> list[Float64]:
    """Return `measure` over [start, end) for each of `starts`."""
    if measure == "count":
        return [(ends - start).astype(np.float64) for start in starts]
    if measure == "mean":
        total = _running(events.amount)
        return [_ratio(total[ends] - total[start], ends - start) / 10**decimals for start in starts]
    positive, labelled = _running(events.label == 1), _running(events.label >= 0)
    return [_ratio(positive[ends] - positive[start], labelled[ends] - labelled[start]) for start in starts]


def _running(values: NDArray[Any]) -> Int64:
    """Return `[N + 1]`, the sum of all values before each place. It may wrap around; differences are right then too."""
    total = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=total[1:])
    return total


def _ratio(part: Int64, whole: Int64) -> Float64:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
