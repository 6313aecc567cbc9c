"""Scored rows on their way into the prediction log: a record for each chunk, a segment for each part."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.prediction_log.event_id import EventIds, texts, with_id
from components.prediction_log.record import Answered, encode
from components.system.clock import now_us

_ids = EventIds()


@dataclass(frozen=True)
class Logging:
    """How rows are logged."""

    version: str
    """The registered version that answers."""
    run: str
    """Names source, version and result: the request id of a chunk begins with it."""


class LoggedRows(NamedTuple):
    """What the log has of M rows of a chunk beside what is answered."""

    version: str
    request_id: str
    indices: Sequence[int]
    """`[M]` in the chunk."""
    records: Sequence[bytes]
    """`[M]` as they came, as JSON; none where an example says all of it."""
    warnings: Mapping[int, tuple[str, ...]]
    """What is unusual about a row, by its place among the M."""
    began: float
    """When the chunk was begun, on the clock of `time.monotonic`."""


class Logged(NamedTuple):
    """A chunk's record."""

    identity: int
    """The event id of row 0 of the chunk, whether that can be read or not."""
    payload: bytes


def logged(
    rows: LoggedRows, examples: NDArray[Any], outputs: NDArray[np.float32], answers: Sequence[BaseModel]
) -> Logged:
    """Return the record of M answers.

    Args:
        rows: of which they are.
        examples: `[M, ...]`.
        outputs: `[M, K]`.
        answers: `[M]`, as the endpoint gives them.
    """
    identity = _ids.new()
    ids = texts(identity, rows.indices[-1] + 1)
    record = Answered(
        identity=identity,
        time_us=now_us(),
        seconds=time.monotonic() - rows.began,
        version=rows.version,
        request_id=rows.request_id,
        outputs=outputs,
        examples=examples,
        answers=[
            with_id(answer.model_dump_json().encode(), ids[index])
            for index, answer in zip(rows.indices, answers, strict=True)
        ],
        records=rows.records,
        rows=rows.indices,
        origin="score",
        route="batch",
    )
    return Logged(identity, encode(record))
