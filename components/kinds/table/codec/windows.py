"""Windows: what an entity's records come to over the last days, for a whole table and for a single record alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.table.codec.features import (
    DAY,
    Definition,
    Entity,
    Float32,
    Float64,
    Int8,
    Int64,
    Measure,
    label_delay,
)


@dataclass(frozen=True)
class Events:
    """Records of one entity column, sorted by entity, then time, then arrival: `[N]` each."""

    entity: Int64
    """Code of the entity; below 0: none, and the record's windows are empty."""
    time: Int64
    """Milliseconds since 1970."""
    amount: Int64
    """In units of its last decimal."""
    label: Int8
    """1 positive, 0 not, -1 not known."""

    @classmethod
    def none(cls) -> "Events":
        """Return no records."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, np.empty(0, dtype=np.int8))

    def followed_by(self, entity: Int64, time: Int64, amount: Int64, label: Int8) -> tuple["Events", Int64]:
        """Return these records and the given ones, which arrived after them, and the indices of the given ones.

        Linear where the given records are few: the sort finds what is in order already (timsort).
        """
        entity, time = np.concatenate([self.entity, entity]), np.concatenate([self.time, time])
        order = np.argsort(_line(entity, time).keys(entity, time), kind="stable")
        entity, time = entity[order], time[order]  # one column after the other: there may be many records
        amount = np.concatenate([self.amount, amount])[order]
        label = np.concatenate([self.label, label])[order]
        new = np.flatnonzero(order >= len(self.entity))
        indices = np.empty_like(new)
        indices[order[new] - len(self.entity)] = new
        return Events(entity, time, amount, label), indices

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
    for index, column in enumerate(measured):
        table[order, index] = np.where(events.entity[rows] < 0, 0.0, column)
    return table


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
        """Return the positions on the line of records that stand on it."""
        positions = (entity - self.entity) * self.span
        positions += time
        positions -= self.time
        return positions

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
    """Return where the windows of each length start, for each row, and the index behind their end."""
    line = _line(events.entity, events.time)
    keys, mine = line.keys(events.entity, events.time), events.entity[rows]

    def first_after(times: Int64) -> Int64:
        return np.searchsorted(keys, line.keys(mine, line.clipped(times)), side="right")

    last = events.time[rows] - label_delay(entity, definition)
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
    """Return `[N + 1]`, the sum of all values before each index. It may wrap around; differences are right then too."""
    total = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=total[1:])
    return total


def _ratio(part: Int64, whole: Int64) -> Float64:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
