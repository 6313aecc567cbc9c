"""Rows -> features, in one worker of one endpoint: with a memory, or with windows that the caller sends."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import BadRequest
from components.kinds.replaced import original_sha256
from components.kinds.table.codec import values
from components.kinds.table.codec.features import DAY, Definition, assemble, lookback, window_names
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.memory import Records, StoredMemory
from components.kinds.table.codec.records import remembers
from components.kinds.table.codec.schema import Schema
from components.kinds.table.codec.unusual import Expected

if TYPE_CHECKING:
    from components.kinds.table.codec.event_store import EventStore

SEED = "history.npz"
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
        remembered = memory is not None and remembers(input)
        self.batched_reads = remembered
        self._store = _open(workload, self._definition, files / SEED, memory) if memory and remembered else None
        self._memory = StoredMemory(self._store, self._definition) if self._store else None

    def is_cheap(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether `read` waits for no database, and the rows are few."""
        return self._store is None and len(rows) <= _FEW

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        """Return the features of `rows`, `[N, F]`. A row is remembered once this returns, and counts once by its id.

        Raises:
            BadRequest: a value is not what its column holds, or a time has not come; then no row is remembered.
        """
        numbers, categories = values.numbers(rows, self._definition), values.categories(rows, self._definition)
        if self._definition.time is None:
            return assemble(numbers, None, [], categories)
        times = values.times(rows, self._definition)
        not_in_the_future(times)
        return assemble(numbers, times, self._windows(rows, times), categories)

    def warnings(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[str]]:
        """Return what is unusual about `rows`, a sentence each, by their index; ordinary rows are left out."""
        return self._expected.warnings(rows)

    def record_labels(self, labels: Sequence[Mapping[str, Any]]) -> int:
        """Take `{id: …, "label": 0 or 1}` of rows read before; return how many of them are remembered."""
        if self._store is None or self._definition.id is None:
            return 0
        ids = values.texts(labels, self._definition.id)
        return self._store.label(ids, [int(label["label"]) for label in labels])

    def close(self) -> None:
        """Let go of the memory."""
        if self._store:
            self._store.close()

    def _windows(self, rows: Sequence[Mapping[str, Any]], times: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        definition = self._definition
        if self._memory is None:
            sent = definition.model_copy(update={"numbers": tuple(window_names(definition)), "dates": {}})
            return [values.numbers(rows, sent).astype(np.float32)]
        names = {entity.name: values.texts(rows, entity.name) for entity in definition.entities}
        ids = values.texts(rows, definition.id) if definition.id else None
        return self._memory.windows(Records(times, values.amounts(rows, definition), None, names, ids))


def _open(workload: str, definition: Definition, seed: Path, address: str) -> "EventStore":
    from components.kinds.table.codec.event_store import EventStore  # here: who brings the windows needs no database

    names = [entity.name for entity in definition.entities]
    store = EventStore(address, workload, names, lookback(definition))
    if not store.seeded(name := original_sha256(seed)):
        with np.load(seed) as known:
            entities = {name: known[f"entity_{name}"] for name in names}
            store.seed(name, known["id"], known["time"], known["amount"], known["label"], entities)
    return store


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
