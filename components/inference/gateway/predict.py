"""`POST /predict` with a bare body, and what it shares with BentoML's typed routes: one way to the model."""

from collections.abc import Sequence
from functools import partial

from pydantic import BaseModel

from components.inference.engine.engine import Engine
from components.inference.gateway.call import Call, Reply
from components.inference.gateway.request.body import read_body
from components.inference.gateway.request.encoding import plain
from components.inference.gateway.request.parser import Question, RequestParser

_LARGE = 32 * 1024  # bytes of JSON from which it is read beside the others
_MANY = 500  # answers from which they are written beside the others


class Predict:
    """Answers the calls of one route."""

    def __init__(self, engine: Engine, parser: RequestParser) -> None:
        self._engine = engine
        self._parser = parser

    async def __call__(self, call: Call) -> Reply:
        """Return the answer to the call's body.

        Raises:
            Refused, Gone: see `read_body` and `RequestParser.question`.
            Exception: what `Engine.answer` raises.
        """
        body = await read_body(call, self._parser.max_bytes)
        if encoding := call.headers.get(b"content-encoding"):
            body = await self._engine.beside(partial(plain, body, encoding, self._parser.max_bytes))
        question = partial(self._parser.question, body, call.media)
        large = len(body) > _LARGE and not self._parser.uploads
        asked = await self._engine.beside(question) if large else question()
        return Reply(200, await answered(self._engine, call, asked))


async def answered(engine: Engine, call: Call, asked: Question, explained: bool = False) -> bytes:
    """Return the answer to a question as JSON, and note it in the call.

    Raises:
        Exception: what `Engine.answer` raises.
    """
    answers = await engine.answer(asked.rows, deadline=call.deadline, explained=explained)
    call.answers, call.version = answers, getattr(answers[0], "model_version", None) if answers else None
    if len(answers) > _MANY:
        return await engine.beside(lambda: _many(answers))
    return _many(answers) if asked.many else _one(answers[0])


def _many(answers: Sequence[BaseModel]) -> bytes:
    return b"[" + b",".join(map(_one, answers)) + b"]"


def _one(answer: BaseModel) -> bytes:
    """Return what `model_dump_json` does, without making a string of it in between."""
    written: bytes = answer.__pydantic_serializer__.to_json(answer)
    return written
