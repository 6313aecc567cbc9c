"""Features: one definition, one code, for a whole table at training time and for one record at the endpoint.

Times are whole milliseconds since 1970 (UTC), amounts whole numbers of their last decimal, and nothing is divided
before the end: a window has the same value to the bit, however many records are computed at once.
"""

import operator
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from components.kinds.table.codec.dates import Part, of_dates, part_names

DAY = 86_400_000
"""Milliseconds."""
MOST = 2**53
"""Units of an amount's last decimal, at most: up to here a float64 holds every whole number."""
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

    time: str | None = None
    """None: records have no time, and no features that are made of one."""
    id: str | None
    amount: str | None
    decimals: int
    delay: float
    """Days until a label is known."""
    entities: tuple[Entity, ...]
    numbers: tuple[str, ...]
    """Columns taken as they are: numbers, and booleans as 0 and 1; missing is NaN."""
    categories: Mapping[str, tuple[str, ...]]
    """Columns taken as the position of their value in the list, from 1; 0 is missing or unknown.
    By name, as JSON with sorted keys brings them back."""
    dates: Mapping[str, tuple[Part, ...]] = Field(default={}, exclude_if=operator.not_)
    """Columns of dates that are not the time, by name, and what is made of each; left out where there is none."""

    @field_validator("categories", "dates")
    @classmethod
    def _by_name(cls, columns: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        return dict(sorted(columns.items()))


def names(definition: Definition) -> list[str]:
    """Return the names of the features, in their order."""
    calendar = [] if definition.time is None else calendar_names(definition)
    dates = [name for column in definition.dates for name in date_names(column, definition)]
    return [*definition.numbers, *dates, *calendar, *window_names(definition), *definition.categories]


def calendar_names(definition: Definition) -> list[str]:
    """Return the names of the features that are made of the time."""
    return [_free(name, definition) for name in CALENDAR]


def date_names(column: str, definition: Definition) -> list[str]:
    """Return the names of the features that are made of a column of dates."""
    return [_free(name, definition) for name in part_names(column, definition.dates[column])]


def with_dates(numbers: Float64, dates: Float64, definition: Definition) -> Float64:
    """Return the numbers `[N, numbers]` and, behind them, what is made of dates.

    Args:
        numbers: `[N, numbers]`, NaN where missing.
        dates: `[N, dates]`, milliseconds since 1970, NaN where missing.
        definition: of the features.
    """
    made = [of_dates(dates[:, index], parts) for index, parts in enumerate(definition.dates.values())]
    return np.concatenate([numbers, *made], axis=1)


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
    return max(entity.days) * DAY + label_delay(entity, definition)


def calendar(times: Int64) -> Float32:
    """Return `[N, 2]`: 1 on Saturday and Sunday, else 0; 1 in the hours 0 to 6 inclusive, else 0. All in UTC."""
    weekday = (times // DAY + 3) % 7  # 1970 began on a Thursday; 0 is Monday
    hour = times % DAY // 3_600_000
    return np.stack([weekday >= 5, hour <= 6], axis=1).astype(np.float32)


def fixed_point(amounts: Float64, decimals: int) -> Int64:
    """Return amounts as whole numbers of their last decimal, rounded half to even; missing (NaN) counts as 0."""
    units: Float64 = np.rint(np.where(np.isnan(amounts), 0.0, amounts) * 10**decimals)
    return units.astype(np.int64)


def assemble(
    numbers: NDArray[Any], times: Int64 | None, windows: Sequence[Float32], categories: NDArray[Any]
) -> Float32:
    """Return the features `[N, F]` in the order of `names`.

    Args:
        numbers: `[N, numbers and what is made of dates]`, NaN where missing.
        times: `[N]`; None: records have none.
        windows: `[N, measures * days]` for each entity.
        categories: `[N, categories]`, codes.
    """
    made = [] if times is None else [calendar(times)]
    return np.concatenate([numbers, *made, *windows, categories], axis=1, dtype=np.float32, casting="unsafe")


def _free(name: str, definition: Definition) -> str:
    """Return the name of a feature that is made: with `_made` behind it where a column has it already."""
    others = {definition.time, definition.id, definition.amount, *(entity.name for entity in definition.entities)}
    taken = others.union(definition.numbers, definition.categories, definition.dates)
    while name in taken:
        name += "_made"
    return name


def label_delay(entity: Entity, definition: Definition) -> int:
    """Return how many milliseconds pass until labels enter the entity's windows; 0: it is not delayed."""
    return round(definition.delay * DAY) if entity.delayed else 0
