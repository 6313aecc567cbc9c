"""Requests of which a canary has a part: which rows are its own, and the one reply to both versions' answers."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from components.inference.engine.canary import Canary, Part, in_order
from components.inference.engine.engine import Engine
from components.inference.gateway.call import JSON, Call, Header, Reply
from components.inference.gateway.request.parser import Question
from components.inference.gateway.written import MANY, MODEL_VERSION, PREDICTION_ID, Written, as_json, written

if TYPE_CHECKING:
    from components.inference.gateway.answer_log import AnswerLog

_ORIGIN, _NO_CALLERS = b"x-journeyman-origin", (b"page", b"smoke")


def rows_of(canary: Canary, call: Call, asked: Question) -> list[int]:
    """Return the numbers of the rows that the canary answers: of callers alone, not of the page and the flows."""
    if call.headers.get(_ORIGIN) in _NO_CALLERS:
        return []
    return canary.split.rows(asked.rows, call.id.decode())


async def split_reply(
    call: Call, asked: Question, parts: Sequence[Part], engine: Engine, log: "AnswerLog | None", uploaded: bool
) -> Reply:
    """Return the reply, its answers in the order of the rows; each version's are logged as its own.

    Raises:
        LogError: they cannot be logged, and are required to be.
    """
    answers = in_order(parts)
    identity = log.identity(len(answers)) if log else None
    write = partial(written, answers, asked.rows, identity, uploaded)
    texts = await engine.beside(write) if len(answers) > MANY else write()
    versions = list(dict.fromkeys(part.found.version for part in parts))
    call.answers, call.version = answers, ", ".join(versions)
    call.parts = [(part.found.version, part.found.answers) for part in parts]
    ids, said, _ = texts
    headers: tuple[Header, ...] = (JSON, (MODEL_VERSION, call.version.encode()))
    if log and identity is not None:
        kept = [_keep(log, call, part, identity, texts, len(parts)) for part in parts]
        if all(kept):
            headers = (*headers, (PREDICTION_ID, ids[0]))
        else:
            said = list(map(as_json, answers))
    return Reply(200, b"[" + b",".join(said) + b"]" if asked.many else said[0], headers)


def _keep(log: "AnswerLog", call: Call, part: Part, identity: int, texts: Written, parts: int) -> bool:
    _, answers, records = texts
    records = [each.json() for each in call.uploads] or records
    if parts == 1:
        return log.keep(call, part.found, identity, answers, records)
    its_records = [records[row] for row in part.rows] if records else ()
    return log.keep(call, part.found, identity, [answers[row] for row in part.rows], its_records, part.rows)
