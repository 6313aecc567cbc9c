"""What is asked by POST: `/predict`, `/explain`, `/labels`. Each request is read in one way, whatever its format."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from pydantic import BaseModel
from pydantic_core import to_json

from components.inference.engine.engine import Engine
from components.inference.gateway.call import Call, Reply
from components.inference.gateway.request.body import read_body
from components.inference.gateway.request.encoding import plain
from components.inference.gateway.request.form import FORM, form_content
from components.inference.gateway.request.parser import Question, RequestParser

PREDICT, EXPLAIN, LABELS = "/predict", "/explain", "/labels"

Operation = Callable[[Call], Awaitable[Reply]]
"""Answers a call.

Raises:
    Refused, Gone: see `question`.
    Exception: what the engine raises.
"""

_LARGE = 32 * 1024  # bytes of JSON from which it is read beside the others
_MANY = 500  # answers from which they are written beside the others


def prediction(engine: Engine, parser: RequestParser, explained: bool = False) -> Operation:
    """Return the operation that has the model answer, with what moved each answer where it is `explained`."""

    async def predict(call: Call) -> Reply:
        asked = await question(engine, parser, call)
        answers = await engine.answer(asked.rows, deadline=call.deadline, explained=explained)
        call.answers, call.version = answers, getattr(answers[0], "model_version", None) if answers else None
        if len(answers) > _MANY:
            return Reply(200, await engine.beside(partial(_list, answers)))
        return Reply(200, _list(answers) if asked.many else _object(answers[0]))

    return predict


def labelling(engine: Engine, parser: RequestParser) -> Operation:
    """Return the operation that takes what became of earlier records."""

    async def record(call: Call) -> Reply:
        labels = await question(engine, parser, call)
        return Reply(200, to_json({"known": await engine.record_labels(labels.rows)}))

    return record


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


def _list(answers: Sequence[BaseModel]) -> bytes:
    return b"[" + b",".join(map(_object, answers)) + b"]"


def _object(answer: BaseModel) -> bytes:
    """Return what `model_dump_json` does, without making a string of it in between."""
    written: bytes = answer.__pydantic_serializer__.to_json(answer)
    return written
