"""What is unusual about a record that is answered all the same: values that training had no part of."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from components.kinds.table.codec.features import Definition
from components.kinds.table.codec.schema import Schema

_SHOWN = 60  # characters of a value that are shown
_LONG = 1e15  # whole numbers from here on are written with an exponent
_MANY = 200  # values of a category from which there were others in training too: more are not listed
_MOST = 20  # warnings about one record


class Expected:
    """What is expected of the columns that features are made of."""

    def __init__(self, definition: Definition, schema: Schema) -> None:
        columns = schema.columns
        self._numbers = [
            (
                name,
                -inf if column.minimum is None else column.minimum,
                inf if column.maximum is None else column.maximum,
            )
            for name in definition.numbers
            if (column := columns.get(name)) and (column.minimum, column.maximum) != (None, None)
        ]
        self._known = [
            (name, frozenset(values))
            for name, values in definition.categories.items()
            if values and not ((column := columns.get(name)) and column.others) and len(values) < _MANY
        ]

    def warnings(self, rows: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, ...]]:
        """Return what is unusual about `rows`, a sentence each, by their index; ordinary rows are left out."""
        found: dict[int, tuple[str, ...]] = {}
        for index, row in enumerate(rows):
            value: Any
            for name, least, most in self._numbers:
                value = row.get(name)
                if value is not None and not least <= value <= most:
                    found[index] = (*found.get(index, ()), _outside(name, value, least, most))
            for name, known in self._known:
                value = row.get(name)
                if value is not None and value not in known:
                    found[index] = (*found.get(index, ()), _unknown(name, value, known))
        return {index: said[:_MOST] for index, said in found.items()} if found else found


def _outside(name: str, value: float, least: float, most: float) -> str:
    if value > most:
        return f"{name}: {_plain(value)} is above {_plain(most)}, the largest that is expected"
    return f"{name}: {_plain(value)} is below {_plain(least)}, the least that is expected"


def _plain(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) < _LONG else f"{value:.12g}"


def _unknown(name: str, value: Any, known: frozenset[str]) -> str:
    written = str(value)
    text = repr(written if len(written) <= _SHOWN else written[: _SHOWN - 3] + "...")
    folded = written.strip().casefold()
    meant = next((value for value in sorted(known) if value.casefold() == folded), None)
    return f"{name}: {text} was not known in training" + (f"; did you mean {meant!r}?" if meant else "")
