"""`POST /v2/models/NAME/infer`."""

from collections.abc import Collection
from functools import partial

from components.inference.engine.engine import Engine
from components.inference.gateway.call import Call, Reply
from components.inference.gateway.operations import Answer, Operation, whole_body
from components.inference.gateway.protocols.open_inference.outputs import refuse_unknown, reply
from components.inference.gateway.protocols.open_inference.request import JSON_LENGTH, InferenceRequest, read
from components.inference.gateway.protocols.open_inference.rows import Encode, question
from components.inference.gateway.request.parser import Question, RequestParser


def infer(engine: Engine, parser: RequestParser, answer: Answer, encode: Encode | None) -> Operation:
    """Return the operation that reads and answers tensors; `answer` is that of `POST /predict`.

    Args:
        engine: what reads beside the event loop.
        parser: reads the rows.
        answer: answers them, and logs what it answered.
        encode: makes a row of pixels, if rows are pictures.
    """

    async def operation(call: Call) -> Reply:
        body = await whole_body(engine, call, parser.max_bytes)
        outputs = engine.model.codec.Answer.model_fields
        asked, rows = await engine.beside(partial(_read, body, call.headers.get(JSON_LENGTH), parser, encode, outputs))
        said = await answer(call, rows)
        assert call.version is not None  # it has been answered
        written = partial(reply, asked, engine.model.about.workload, call.version, call.answers, said)
        return await engine.beside(written)

    return operation


def _read(
    body: bytes, json_length: bytes | None, parser: RequestParser, encode: Encode | None, outputs: Collection[str]
) -> tuple[InferenceRequest, Question]:
    asked = read(body, json_length)
    refuse_unknown(asked, outputs)  # before anything is answered and logged
    return asked, question(parser, asked.inputs, encode)
