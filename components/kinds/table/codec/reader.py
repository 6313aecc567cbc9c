"""Rows -> features, in one worker of one endpoint: with a memory, or with windows that the caller sends."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import BadRequest
from components.kinds.table.codec import values
from components.kinds.table.codec.features import (
    DAY,
    Definition,
    Events,
    assemble,
    lookback,
    window_names,
    windows,
)
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.schema import Schema
from components.kinds.table.codec.unusual import Expected
from components.system.files import sha256

if TYPE_CHECKING:
    from components.kinds.table.codec.history import History

HISTORY = "history.npz"
"""What the endpoint has to know on its first day, in the bundle's `serving/`."""

_FEW = 4  # rows that are read well within a millisecond


class Reader:
    """Reads records; those that are read are remembered, for the windows of those that follow."""

    def __init__(self, workload: str, input: Input, serve: Mapping[str, Any], files: Path, memory: str | None) -> None:
        """Open the memory, and tell it what came before, unless it knows.

        Args:
            workload: whose memory it is.
            input: the bundle's description of one example.
            serve: the bundle's section `serve`; nothing of it is about one record.
            files: the directory with `history.npz`.
            memory: an SQLAlchemy address; None: the rows bring their windows.
        """
        self._definition = Definition.model_validate(input["definition"])
        self._expected = Expected(self._definition, Schema.model_validate(input["schema"]))
        remembers = input["history"] == "endpoint" and bool(self._definition.entities)
        self.batched_reads = memory is not None and remembers
        self._history = _open(workload, self._definition, files / HISTORY, memory) if memory and remembers else None

    def is_cheap(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether `read` waits for no database, and the rows are few."""
        return self._history is None and len(rows) <= _FEW

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        """Return the features of `rows`, `[N, F]`. A row is remembered once this returns, and counts once by its id.

        Raises:
            BadRequest: a value is not what its column holds, or a time has not come; then no row is remembered.
        """
        numbers, categories = values.numbers(rows, self._definition), values.categories(rows, self._definition)
        times = values.times(rows, self._definition)
        not_in_the_future(times)
        return assemble(numbers, times, self._windows(rows, times), categories)

    def warnings(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[str]]:
        """Return what is unusual about `rows`, a sentence each, by their place; ordinary rows are left out."""
        return self._expected.warnings(rows)

    def record_labels(self, labels: Sequence[Mapping[str, Any]]) -> int:
        """Take `{id: …, "label": …}` of rows read before; return how many of them are remembered."""
        if self._history is None or self._definition.id is None:
            return 0
        ids = values.texts(labels, self._definition.id)
        return self._history.label(ids, [int(label["label"]) for label in labels])

    def close(self) -> None:
        """Let go of the memory."""
        if self._history:
            self._history.close()

    def _windows(self, rows: Sequence[Mapping[str, Any]], times: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        definition = self._definition
        if self._history is None:
            sent = definition.model_copy(update={"numbers": tuple(window_names(definition))})
            return [values.numbers(rows, sent).astype(np.float32)]
        ids = values.texts(rows, definition.id) if definition.id else [""] * len(rows)
        named = {entity.name: values.texts(rows, entity.name) for entity in definition.entities}
        past = self._history.observe([id or None for id in ids], times, values.amounts(rows, definition), named)
        found = []
        for entity in definition.entities:
            known = past[entity.name]
            events = Events(known.entity, known.time, known.amount, known.label)
            found.append(windows(events, known.rows, entity, definition))
        return found


def _open(workload: str, definition: Definition, before: Path, memory: str) -> "History":
    from components.kinds.table.codec.history import History  # here: who brings the windows needs no database

    names = [entity.name for entity in definition.entities]
    history = History(memory, workload, names, lookback(definition))
    if not history.seeded(name := sha256(before)):
        with np.load(before) as past:
            entities = {name: past[f"entity_{name}"] for name in names}
            history.seed(name, past["id"], past["time"], past["amount"], past["label"], entities)
    return history


def not_in_the_future(times: NDArray[np.int64]) -> None:
    """Refuse a time, in milliseconds since 1970, that is more than a day away.

    Raises:
        BadRequest: it names the first.
    """
    late = np.flatnonzero(times > time.time() * 1000 + DAY)
    if len(late):
        where = f"record {late[0] + 1}: " if len(times) > 1 else ""
        moment = np.datetime64(int(times[late[0]]), "ms").astype("datetime64[s]")
        raise BadRequest(f"{where}the time has not come yet: {moment} (UTC) is more than a day ahead")
