"""Records that try each way in which the codec reads, made of the schema: they are nobody's."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.kinds.golden import GoldenRequest
from components.kinds.table.codec.features import Definition, window_names
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.schema import Column, Schema

_WEEKEND_NIGHT = "2024-03-02T05:30:00.250Z"
_WEEKDAY = "1999-12-31T23:59:59+02:00"
_UNKNOWN = "none of the values that are known"


def requests(input: Input, serve: Mapping[str, Any]) -> Sequence[GoldenRequest]:
    """Return a usual record, one of the least and one of the most of each column, and one in which much is missing."""
    definition, columns = Definition.model_validate(input["definition"]), Schema.model_validate(input["schema"]).columns
    typical = dict(zip(input["features"], input["typical"], strict=True))
    numbers = {name: typical[name] for name in definition.numbers}
    least = {name: _bound(columns[name], columns[name].minimum, numbers[name]) for name in numbers}
    most = {name: _bound(columns[name], columns[name].maximum, numbers[name]) for name in numbers}
    known = definition.categories.items()
    made = {
        "usual": _record(definition, _WEEKDAY, 1.0) | numbers | {name: values[0] for name, values in known if values},
        "least": _record(definition, _WEEKEND_NIGHT, 0.0) | least | {name: _UNKNOWN for name, _ in known},
        "most": _record(definition, _WEEKDAY, 1234.5) | most | {name: values[-1] for name, values in known if values},
        "missing": _record(definition, _WEEKEND_NIGHT, 2.0) | dict.fromkeys(definition.dates),
    }
    return [GoldenRequest(name, row, 0.0) for name, row in made.items()]


def _record(definition: Definition, time: str, window: float) -> dict[str, Any]:
    """Return what any record has: its time, other dates, and windows, all of them so many."""
    times = [*definition.dates, *([definition.time] if definition.time else [])]
    return dict.fromkeys(times, time) | dict.fromkeys(window_names(definition), window)


def _bound(column: Column, bound: float | None, usual: float) -> float | bool:
    return bool(usual) if column.type == "boolean" else usual if bound is None else bound
