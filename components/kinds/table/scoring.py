"""Very many records, from a table in order of time: what the endpoint would remember is kept in this process alone."""

from collections.abc import Mapping, Sequence
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
    Float32,
    Int8,
    Int64,
    assemble,
    lookback,
    window_names,
)
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.memory import ArrayMemory, Records
from components.kinds.table.codec.reader import SEED, not_in_the_future
from components.kinds.table.codec.schema import Schema

SUFFIXES = ()
CHUNK_ROWS = 20_000
READ_ROWS = 500

_ENTITY = "entity_"
_GRACE = 7 * DAY  # milliseconds that a record is known beyond the longest window, as in the endpoint's memory


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
    return RecordMemory(definition, files / SEED)


class RecordMemory:
    """What an endpoint remembers of each entity that was asked nothing else.

    Holds what the longest window reaches back to, never the whole table.
    """

    def __init__(self, definition: Definition, seed: Path) -> None:
        """Begin with the records of the archive `seed`, which the bundle carries."""
        self._definition = definition
        self._memory = ArrayMemory(definition, lookback(definition) + _GRACE)
        self._latest: int | None = None
        with np.load(seed) as archive:
            known = {name: archive[name] for name in archive.files}
        self._memory.remember(self._records(known, known["label"]))

    def examples(self, observations: Observations) -> Float32:
        """Return the features `[N, F]` of records that follow those given before, and remember them.

        A record whose id was there before counts once, and has the windows of the one that came first.

        Raises:
            DataError: they are not in order of time.
        """
        times = observations["time"]
        self._check_order(times)
        found = self._memory.windows(self._records(observations, None))
        return assemble(observations["numbers"], times, found, observations["categories"])

    def _records(self, columns: Observations, label: Int8 | None) -> Records:
        entities = {entity.name: columns[_ENTITY + entity.name] for entity in self._definition.entities}
        return Records(columns["time"], columns["amount"], label, entities, columns["id"])

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


def _texts(rows: Sequence[Mapping[str, Any]], column: str) -> NDArray[np.str_]:
    return np.array(values.texts(rows, column), dtype=np.str_)
