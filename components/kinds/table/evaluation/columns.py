"""Which features each column of a table becomes, and the CPU time that they take to be made of one record."""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from components.kinds.evaluation import Column
from components.kinds.prepared import PreparedData
from components.kinds.table.codec.features import Definition, Entity, calendar_names, date_names, window_name
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.reader import SEED, Reader
from components.kinds.table.sample import requests

_BEFORE = 1_000  # records that a memory has seen already
_ROUNDS = 5
_RECORDS = 40  # that are read one after the other in a round
_SEED_COLUMNS = {"id": np.str_, "time": np.int64, "amount": np.int64, "label": np.int8}

Row = Mapping[str, Any]


def columns_of(data: PreparedData[Input]) -> list[Column]:
    """Return the columns of the table that are features, or that features are made of, the dearest first.

    An entity, as a card, stands for its windows, although these are made of other columns as well; the time for the
    calendar. The time that a column takes is that of reading test records with it, less that without it. Entities are
    read through a memory of their own in SQLite, which has seen the records before, where the endpoint has one.
    """
    definition = Definition.model_validate(data.input["definition"])
    places = {name: place for place, name in enumerate(data.input["features"])}
    made = dict(_made(definition))
    rows = requests(data, range(min(data.counts["test"], _BEFORE + _ROUNDS * _RECORDS)), complete=True)
    costs = _microseconds(data.input, {name: _alone(definition, name) for name in made}, rows)
    found = [Column(name, tuple(places[of] for of in features), costs[name]) for name, features in made.items()]
    return sorted(found, key=lambda column: -column.microseconds)


def _made(definition: Definition) -> Iterator[tuple[str, list[str]]]:
    """Yield each column with the names of the features that are made of it."""
    yield from ((name, [name]) for name in definition.numbers)
    yield from ((name, date_names(name, definition)) for name in definition.dates)
    if definition.time is not None:
        yield definition.time, calendar_names(definition)
    yield from ((entity.name, _windows(entity, definition)) for entity in definition.entities)
    yield from ((name, [name]) for name in definition.categories)


def _windows(entity: Entity, definition: Definition) -> list[str]:
    return [window_name(entity, measure, days, definition) for measure in entity.measures for days in entity.days]


def _alone(definition: Definition, column: str) -> tuple[Definition, Definition]:
    """Return the definitions of the features with the column alone, and of what these need without it."""
    nothing = definition.model_copy(
        update={"time": None, "entities": (), "numbers": (), "categories": {}, "dates": {}},
    )
    timed = nothing.model_copy(update={"time": definition.time})
    if column == definition.time:
        return timed, nothing
    if entities := tuple(entity for entity in definition.entities if entity.name == column):
        return timed.model_copy(update={"entities": entities}), timed
    own = {
        "numbers": tuple(name for name in definition.numbers if name == column),
        "dates": {name: parts for name, parts in definition.dates.items() if name == column},
        "categories": {name: known for name, known in definition.categories.items() if name == column},
    }
    return nothing.model_copy(update=own), nothing


def _microseconds(
    input: Input, definitions: Mapping[str, tuple[Definition, Definition]], rows: Sequence[Row]
) -> dict[str, float]:
    """Return the CPU time that each column takes of a record, the median of some rounds; they take turns."""
    rounds = [rows[len(rows) - (turn + 1) * _RECORDS :][:_RECORDS] for turn in range(_ROUNDS)]
    rounds = [some for some in rounds if some] or [rows]
    before = rows[: max(len(rows) - _ROUNDS * _RECORDS, 0)]
    found: dict[str, list[float]] = {name: [] for name in definitions}
    with ExitStack() as stack:
        readers = {
            name: tuple(_opened(stack, input, definition, before) for definition in pair)
            for name, pair in definitions.items()
        }
        for some in rounds:
            for name, (reader, without) in readers.items():
                found[name].append(_time(reader, some) - _time(without, some))
    return {name: max(statistics.median(times), 0.0) for name, times in found.items()}


def _opened(stack: ExitStack, input: Input, definition: Definition, before: Sequence[Row]) -> Reader:
    """Return a reader of the features, which has read the records `before`."""
    folder = Path(stack.enter_context(TemporaryDirectory()))
    seed: dict[str, Any] = {name: np.empty(0, dtype=of) for name, of in _SEED_COLUMNS.items()}
    seed |= {f"entity_{entity.name}": np.empty(0, dtype=np.str_) for entity in definition.entities}
    np.savez(folder / SEED, **seed)
    said: Input = {**input, "definition": definition.model_dump()}
    reader = Reader("columns", said, {}, folder, f"sqlite:///{folder / 'memory.db'}")
    stack.enter_context(closing(reader))
    if definition.entities and before:
        reader.read(before)
    return reader


def _time(reader: Reader, rows: Sequence[Row]) -> float:
    """Return the CPU microseconds that a record takes, one read after the other."""
    begin = time.process_time_ns()
    for row in rows:
        reader.read([row])
    return (time.process_time_ns() - begin) / 1e3 / len(rows)
