"""`GET /label` and what its page asks for: labels of what was answered, by people who have a key.

What is asked is in a file that `flows.label` writes beside the log; see `components/labelling`.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from components.config.errors import DataError, EndpointError
from components.inference.engine.engine import Engine
from components.inference.gateway.answer_log import AnswerLog
from components.inference.gateway.call import Call, Reply, refusal
from components.inference.gateway.operations import Operation
from components.inference.gateway.request.body import read_body
from components.labelling.operations import PAGE, PATHS, asked, carry_out, files, to_log
from components.labelling.questions import Questions, Value
from components.prediction_log.record import Label

_MOST = 2**16  # bytes of a body
_KEYS = "labels are asked for where API keys are: set JOURNEYMAN_API_KEYS_FILE; on this machine: make label"
_NO_LOG = "labels are kept nowhere, for JOURNEYMAN_LOG is off"


def folder_of(logs: Path, workload: str) -> Path:
    """Return where the questions of a workload are: `label/` stands beside the folder of the logs."""
    return logs.absolute().parent / "label" / workload


def label_pages(keyed: bool) -> dict[str, Callable[[Call], Reply]]:
    """Return what answers a GET, by path. The files are the same for everyone: the page must load to ask for a key."""
    if not keyed:
        return {PAGE: lambda _: refusal(403, _KEYS)}
    return {path: partial(_file, *file) for path, file in files().items()}


def label_operations(engine: Engine, folder: Path, log: AnswerLog | None) -> dict[str, Operation]:
    """Return what answers a POST, by path."""
    return {path: _operation(path, engine, folder, log) for path in PATHS}


def _operation(path: str, engine: Engine, folder: Path, log: AnswerLog | None) -> Operation:
    async def answer(call: Call) -> Reply:
        said = asked(await read_body(call, _MOST))
        if log is None:
            raise EndpointError(_NO_LOG)
        if call.caller is None:
            return refusal(403, _KEYS)
        who = call.caller

        def labels() -> tuple[Questions, list[Label]]:
            questions = Questions(folder)
            return questions, to_log(questions, path, said, who, partial(_read, engine, questions))

        try:
            questions, given = await engine.beside(labels)
        except DataError as error:
            return refusal(404, str(error))
        if given:
            await log.label(given)
        found: dict[str, Any] = await engine.beside(partial(carry_out, questions, path, said, who, given))
        return Reply(200, to_json(found))

    return answer


def _read(engine: Engine, questions: Questions, value: Value) -> Value:
    return engine.model.codec.label(value, questions.classes)


def _file(body: bytes, media: str, call: Call) -> Reply:
    return Reply(200, body, ((b"content-type", media.encode()),))
