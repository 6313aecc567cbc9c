"""`POST /labels`: what became of rows that were answered, told by their ids; into the log and into the memory."""

from collections.abc import Sequence
from functools import partial

from pydantic_core import to_json

from components.config.errors import BadRequest, EndpointError
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.gateway.answer_log import AnswerLog
from components.inference.gateway.call import Call, Reply
from components.inference.gateway.harm import look_for_harm
from components.inference.gateway.operations import Operation, question
from components.inference.gateway.request.parser import RequestParser
from components.kinds.labels import Label
from components.prediction_log.record import Label as LoggedLabel
from components.system.clock import now_us

_MANY = 500  # labels from which they are looked through beside the others


def labelling(engine: Engine, parser: RequestParser, log: AnswerLog | None) -> Operation:
    """Return the operation that takes labels; it answers how many are recorded, and of how many the memory knows."""

    async def record(call: Call) -> Reply:
        asked = await question(engine, parser, call)
        labels: Sequence[Label] = asked.rows
        read = partial(_read, labels, engine.model, asked.many)
        values = await engine.beside(read) if len(labels) > _MANY else read()
        if log is None and not all(label.own and engine.model.remembers for label in labels):
            raise EndpointError("labels are kept nowhere, for JOURNEYMAN_LOG is off")
        own = await _own(engine, labels, log)
        said = {"recorded": len(labels) if log else 0, "known": await engine.record_labels(own, values)}
        if log:
            await log.label(_logged(labels, values))
            await look_for_harm(engine, log, labels, values)
        return Reply(200, to_json({**said, **_note(engine.model, own)}))

    return record


def one_or_more(content: Label | list[Label]) -> list[Label]:
    """Return the labels of a request."""
    return content if isinstance(content, list) else [content]


async def _own(engine: Engine, labels: Sequence[Label], log: AnswerLog | None) -> Sequence[Label]:
    """Return the labels, those that name an event alone with the caller's own id of its row, where the log tells it."""
    events = {label.event_id for label in labels if label.event_id and label.own is None}
    if not events or log is None or not engine.model.remembers:
        return labels
    keys = await engine.beside(partial(log.keys_of, events))
    return [
        label.model_copy(update={"key": keys[label.event_id]})
        if label.own is None and label.event_id in keys
        else label
        for label in labels
    ]


def _note(model: Model, labels: Sequence[Label]) -> dict[str, str]:
    """Return why the memory was not told of some labels, if so; their own ids are there as far as they are known."""
    count = sum(label.own is None for label in labels)
    if not count or not model.remembers:
        return {}
    own = model.codec.key(model.about.input)
    return {
        "note": f"{count} of the rows are remembered by {own} alone, which is not found in the latest part of the log: "
        f"name them by {own} for the memory to know"
    }


def _read(labels: Sequence[Label], model: Model, many: bool) -> list[str | float]:
    """Return the labels as the task has them, or as the kind calls what is none of the classes.

    Raises:
        BadRequest: one can be none of the model's; the sentence names it, from 0.
    """
    values: list[str | float] = []
    none = model.codec.none(model.about.input)
    for index, label in enumerate(labels):
        try:
            values.append(none if label.label == none else model.codec.label(label.label, model.about.classes))
        except BadRequest as error:
            raise BadRequest(f"{index}.{error}" if many else str(error)) from error
    return values


def _logged(labels: Sequence[Label], values: Sequence[str | float]) -> list[LoggedLabel]:
    now = now_us()
    return [
        LoggedLabel(
            value=value,
            recorded_us=now,
            event_id=None if label.event_id is None else str(label.event_id),
            key=label.own,
            request_id=label.request_id,
            row=label.row,
            time_us=None if label.time is None else round(label.time.timestamp() * 1e6),
            source=label.source,
            share=label.share,
        )
        for label, value in zip(labels, values, strict=True)
    ]
