"""Answers as they are sent, and rows as they are logged."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from components.prediction_log.event_id import texts, with_id

PREDICTION_ID = b"x-prediction-id"
"""The header with the event id of the first row."""
MODEL_VERSION = b"x-model-version"
"""The header with the version that answered; with both, where a champion and its canary share a request's rows."""
MANY = 500
"""Answers from which they are written beside the others."""

Written = tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]
"""`[N]` event ids, `[N]` answers as JSON with these ids in them, and `[N]` rows as JSON; see `written`."""


def written(answers: Sequence[BaseModel], rows: Sequence[Any], identity: int | None, uploaded: bool) -> Written:
    """Return what is sent and logged of N rows.

    Args:
        answers: `[N]`.
        rows: `[N]`, as they came.
        identity: the event id of the first row; None: nothing is logged.
        uploaded: whether a row is all in its example.

    Returns:
        `[N]` event ids, `[N]` answers as JSON with these ids in them, and `[N]` rows as JSON; without `identity` the
        answers alone, for uploads no rows.
    """
    said = list(map(as_json, answers))
    if identity is None:
        return (), said, ()
    ids = texts(identity, len(said))
    return ids, list(map(with_id, said, ids)), () if uploaded else list(map(to_json, rows))


def as_json(answer: BaseModel) -> bytes:
    """Return what `model_dump_json` does, without making a string of it in between."""
    said: bytes = answer.__pydantic_serializer__.to_json(answer)
    return said
