"""`POST /predict` and `/explain`. Each request is read in one way, whatever its format."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from components.inference.engine.engine import Engine
from components.inference.engine.prediction import Prediction
from components.inference.gateway.call import JSON, Call, Header, Reply
from components.inference.gateway.request.body import read_body
from components.inference.gateway.request.encoding import plain
from components.inference.gateway.request.form import FORM, form_content
from components.inference.gateway.request.parser import Question, RequestParser
from components.inference.gateway.split_reply import rows_of, split_reply
from components.inference.gateway.written import MANY, MODEL_VERSION, PREDICTION_ID, Written, as_json, written
from components.kinds.upload import Upload

if TYPE_CHECKING:
    from components.inference.gateway.answer_log import AnswerLog

PREDICT, EXPLAIN, LABELS = "/predict", "/explain", "/labels"

Operation = Callable[[Call], Awaitable[Reply]]
"""Answers a call.

Raises:
    Refused, Gone: see `question`.
    Exception: what the engine raises.
"""

Answer = Callable[[Call, Question], Awaitable[Reply]]
"""Answers a question that a call asks: as JSON, and in the log before it is sent.

Raises:
    Exception: what the engine raises.
"""

_LARGE = 32 * 1024  # bytes of JSON from which it is read beside the others


def prediction(engine: Engine, parser: RequestParser, answer: Answer) -> Operation:
    """Return the operation that reads what a call asks and answers it."""

    async def predict(call: Call) -> Reply:
        return await answer(call, await question(engine, parser, call))

    return predict


def answering(
    engine: Engine,
    uploaded: bool,
    explained: bool = False,
    log: "AnswerLog | None" = None,
    upload: Callable[[Any], Upload] | None = None,
) -> Answer:
    """Return what has the model answer, with what moved each answer where it is `explained`.

    What it answers is in the `log` before it is sent, with what `upload` says of a row that is a file, if rows are
    `uploaded`.
    """

    async def answer(call: Call, asked: Question) -> Reply:
        canary = engine.canary
        if canary and (chosen := rows_of(canary, call, asked)):
            parts = await engine.split(canary, asked.rows, chosen, deadline=call.deadline, explained=explained)
            call.uploads = list(map(upload, asked.rows)) if upload else ()
            reply = await split_reply(call, asked, parts, engine, log, uploaded)
        elif len(asked.rows) > MANY:
            found = await engine.answer(asked.rows, deadline=call.deadline, explained=explained)
            identity = log.identity(len(found.answers)) if log else None
            texts = await engine.beside(partial(written, found.answers, asked.rows, identity, uploaded))
            reply = replied(call, asked, found, identity, texts)
        else:
            finish = partial(finished, call, asked)
            reply = await engine.finished(asked.rows, finish, deadline=call.deadline, explained=explained)
        if log and log.always:
            await log.on_disk()
        return reply

    def finished(call: Call, asked: Question, found: Prediction) -> Reply:
        identity = log.identity(len(found.answers)) if log else None
        return replied(call, asked, found, identity, written(found.answers, asked.rows, identity, uploaded))

    def replied(call: Call, asked: Question, found: Prediction, identity: int | None, texts: Written) -> Reply:
        call.uploads = list(map(upload, asked.rows)) if upload else ()
        if engine.shadow:
            call.examples = found.examples
        return _reply(call, asked, found, identity, texts, log)

    return answer


async def question(engine: Engine, parser: RequestParser, call: Call) -> Question:
    """Return what the body of the call asks; what takes long is read beside the others.

    Raises:
        Refused: it is too large, or holds nothing that can be answered.
        Gone: its sender left.
    """
    body = await whole_body(engine, call, parser.max_bytes)
    if parser.uploads:
        if call.media == FORM:
            fields = await form_content(call.headers[b"content-type"], body, parser.uploads)
            return parser.asked(parser.checked(fields))
    elif len(body) > _LARGE:
        return await engine.beside(partial(parser.question, body, call.media))
    return parser.question(body, call.media)


async def whole_body(engine: Engine, call: Call, limit: int) -> bytes:
    """Return the body of a call as it was before it was compressed.

    Raises:
        Refused: it is larger than `limit` bytes, or damaged, or compressed in a way that is not read.
        Gone: its sender left.
    """
    body = await read_body(call, limit)
    if encoding := call.headers.get(b"content-encoding"):
        return await engine.beside(partial(plain, body, encoding, limit))
    return body


def _reply(
    call: Call, asked: Question, found: Prediction, identity: int | None, texts: Written, log: "AnswerLog | None"
) -> Reply:
    """Return the reply; what it says is logged."""
    call.answers, call.version = found.answers, found.version
    (ids, answers, records), version = texts, (MODEL_VERSION, found.version.encode())
    headers: tuple[Header, ...] = (JSON, version)
    if log and identity is not None:
        if log.keep(call, found, identity, answers, [each.json() for each in call.uploads] or records):
            headers = (JSON, version, (PREDICTION_ID, ids[0]))
        else:
            answers = list(map(as_json, found.answers))
    return Reply(200, b"[" + b",".join(answers) + b"]" if asked.many else answers[0], headers)
