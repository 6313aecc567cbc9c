"""`POST /predict` and `/explain`. Each request is read in one way, whatever its format."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import to_json

from components.inference.engine.engine import Engine
from components.inference.engine.prediction import Prediction
from components.inference.gateway.call import JSON, Call, Header, Reply
from components.inference.gateway.request.body import read_body
from components.inference.gateway.request.encoding import plain
from components.inference.gateway.request.form import FORM, form_content
from components.inference.gateway.request.parser import Question, RequestParser
from components.kinds.upload import Upload
from components.prediction_log.event_id import texts, with_id

if TYPE_CHECKING:
    from components.inference.gateway.answer_log import AnswerLog

PREDICTION_ID = b"x-prediction-id"
"""The header with the event id of the first row."""
PREDICT, EXPLAIN, LABELS = "/predict", "/explain", "/labels"

Operation = Callable[[Call], Awaitable[Reply]]
"""Answers a call.

Raises:
    Refused, Gone: see `question`.
    Exception: what the engine raises.
"""

_Written = tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]
_LARGE = 32 * 1024  # bytes of JSON from which it is read beside the others
_HEADERS: tuple[Header, ...] = (JSON,)
_MANY = 500  # answers from which they are written beside the others


def prediction(
    engine: Engine,
    parser: RequestParser,
    explained: bool = False,
    log: "AnswerLog | None" = None,
    upload: Callable[[Any], Upload] | None = None,
) -> Operation:
    """Return the operation that has the model answer, with what moved each answer where it is `explained`.

    What it answers is in the `log` before it is sent, with what `upload` says of a row that is a file.
    """
    uploaded = bool(parser.uploads)

    async def predict(call: Call) -> Reply:
        asked = await question(engine, parser, call)
        if len(asked.rows) > _MANY:
            found = await engine.answer(asked.rows, deadline=call.deadline, explained=explained)
            identity = log.identity(len(found.answers)) if log else None
            written = await engine.beside(partial(_written, found.answers, asked.rows, identity, uploaded))
            reply = replied(call, asked, found, identity, written)
        else:
            finish = partial(finished, call, asked)
            reply = await engine.finished(asked.rows, finish, deadline=call.deadline, explained=explained)
        if log and log.always:
            await log.on_disk()
        return reply

    def finished(call: Call, asked: Question, found: Prediction) -> Reply:
        identity = log.identity(len(found.answers)) if log else None
        return replied(call, asked, found, identity, _written(found.answers, asked.rows, identity, uploaded))

    def replied(call: Call, asked: Question, found: Prediction, identity: int | None, written: _Written) -> Reply:
        call.answers, call.version = found.answers, found.version
        (ids, answers, records), headers = written, _HEADERS
        call.uploads = list(map(upload, asked.rows)) if upload else ()
        if log and identity is not None:
            if log.keep(call, found, identity, answers, [each.json() for each in call.uploads] or records):
                headers = (JSON, (PREDICTION_ID, ids[0]))
            else:
                answers = list(map(_object, found.answers))
        return Reply(200, b"[" + b",".join(answers) + b"]" if asked.many else answers[0], headers)

    return predict


async def question(engine: Engine, parser: RequestParser, call: Call) -> Question:
    """Return what the body of the call asks; what takes long is read beside the others.

    Raises:
        Refused: it is too large, or holds nothing that can be answered.
        Gone: its sender left.
    """
    body = await read_body(call, parser.max_bytes)
    if encoding := call.headers.get(b"content-encoding"):
        body = await engine.beside(partial(plain, body, encoding, parser.max_bytes))
    if parser.uploads:
        if call.media == FORM:
            fields = await form_content(call.headers[b"content-type"], body, parser.uploads)
            return parser.asked(parser.checked(fields))
    elif len(body) > _LARGE:
        return await engine.beside(partial(parser.question, body, call.media))
    return parser.question(body, call.media)


def _written(answers: Sequence[BaseModel], rows: Sequence[Any], identity: int | None, uploaded: bool) -> _Written:
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
    written = list(map(_object, answers))
    if identity is None:
        return (), written, ()
    ids = texts(identity, len(written))
    return ids, list(map(with_id, written, ids)), () if uploaded else list(map(to_json, rows))


def _object(answer: BaseModel) -> bytes:
    """Return what `model_dump_json` does, without making a string of it in between."""
    written: bytes = answer.__pydantic_serializer__.to_json(answer)
    return written
