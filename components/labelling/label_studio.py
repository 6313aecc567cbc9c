"""Questions and labels as Label Studio reads and writes them: JSON, a list of tasks, and a configuration.

https://labelstud.io/guide/task_format and https://labelstud.io/guide/export (format JSON).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from components.config.errors import DataError
from components.labelling.questions import Done, Value, What

UNUSABLE = "(none of these, or unusable)"
"""The choice that says so."""
_BY, _OF = "label", "example"


@dataclass(frozen=True)
class Told:
    """An answer to a question that came from elsewhere."""

    id: str
    what: What
    value: Value | None
    who: str
    at_us: int | None
    """When, microseconds since 1970; None: it does not say."""


def config(classes: Sequence[str], file: str | None) -> str:
    """Return the labelling configuration of a project that takes these tasks.

    `file` is an address that holds one of the examples (`data:audio/wav;...`); None: they are records.
    """
    sort = "text" if file is None else _sort(file)
    shown = f'<{sort.title()} name="{_OF}" value="${sort}"/>'
    choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in (*classes, UNUSABLE))
    asked = f'<Choices name="{_BY}" toName="{_OF}" choice="single">{choices}</Choices>'
    number = f'<Number name="{_BY}" toName="{_OF}"/>'
    return f"<View>{shown}{asked if classes else number}</View>\n"


def tasks(done: Iterable[Done], classes: Sequence[str], version: str) -> list[dict[str, Any]]:
    """Return the questions as tasks, with the model's answers as predictions, and the labels as annotations."""
    return [_task(each, classes, version) for each in done]


def told(content: bytes, where: str) -> Iterator[Told]:
    """Yield what was answered in a file that Label Studio exported.

    Raises:
        DataError: it is none, or a task is none that was exported from here; the sentence says which.
    """
    try:
        found = json.loads(content)
    except ValueError as error:
        raise DataError(f"{where}: no JSON ({error})") from error
    if not isinstance(found, list):
        raise DataError(f"{where}: a list of tasks is expected: export it from Label Studio as JSON")
    for number, task in enumerate(found):
        try:
            yield from _told(task)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            said = f"{where}: task {number} is none that `flows.label --export` wrote and Label Studio exported as JSON"
            raise DataError(f"{said} ({error!r})") from error


def _task(done: Done, classes: Sequence[str], version: str) -> dict[str, Any]:
    question = done.question
    data: dict[str, Any] = {"id": question.id, "share": done.share}
    if question.picture:
        data[_sort(question.picture)] = question.picture
    if record := question.shown.get("record"):
        data["text"] = "\n".join(f"{name}: {'missing' if value is None else value}" for name, value in record.items())
    task: dict[str, Any] = {"data": data}
    if question.answer is not None:
        task["predictions"] = [{"model_version": version, "result": [_result(question.answer, classes)]}]
    if done.what:
        value = done.value if done.what == "label" and done.value is not None else UNUSABLE
        moment = datetime.fromtimestamp(done.at_us / 1e6, UTC).isoformat()
        task["annotations"] = [
            {"result": [_result(value, classes)], "completed_by": {"email": done.who}, "created_at": moment}
        ]
    return task


def _sort(file: str) -> str:
    return "audio" if file.startswith("data:audio/") else "image"


def _result(value: Value, classes: Sequence[str]) -> dict[str, Any]:
    if not classes and value != UNUSABLE:
        return {"from_name": _BY, "to_name": _OF, "type": "number", "value": {"number": float(value)}}
    return {"from_name": _BY, "to_name": _OF, "type": "choices", "value": {"choices": [value]}}


def _told(task: Mapping[str, Any]) -> Iterator[Told]:
    identity = task["data"]["id"]
    given = [each for each in task.get("annotations", ()) if not each.get("was_cancelled")]
    if not given or not given[-1]["result"]:
        return
    last = given[-1]
    (result,) = [each for each in last["result"] if each["from_name"] == _BY]
    value = result["value"]["number"] if result["type"] == "number" else result["value"]["choices"][0]
    moment = last.get("updated_at") or last.get("created_at")
    yield Told(
        id=str(identity),
        what="unusable" if value == UNUSABLE else "label",
        value=None if value == UNUSABLE else value,
        who=_who(last.get("completed_by")),
        at_us=None if moment is None else round(_moment(moment).timestamp() * 1e6),
    )


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _who(said: Any) -> str:
    """Return the name of a person, whom an export names by an address, or by a number."""
    name = said.get("email", said.get("id")) if isinstance(said, Mapping) else said
    return "label-studio" if name is None else name if isinstance(name, str) else f"label-studio-{name}"
