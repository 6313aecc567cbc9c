"""What the page asks for, each a POST of JSON: the next question, an answer to one, the last answer undone.

    /label/next      {"holder": TEXT}
    /label/answer    {"holder": TEXT, "id": EVENT, "what": "label" | "unusable" | "skip", "value": LABEL, "seen": BOOL}
    /label/undo      {"holder": TEXT}

Each answers with what is to be seen next. `holder` is whatever the page calls itself by.
"""

import re
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.config.errors import BadRequest
from components.labelling.estimate import FEWEST
from components.labelling.questions import Questions, Value, What
from components.prediction_log.record import Label
from components.system.clock import now_us

PAGE = "/label"
"""Where the page is; its files are below it."""
PATHS = ("/label/next", "/label/answer", "/label/undo")
NONE = ""
"""The label of what is none of the classes, or has no answer any more: whoever reads the log leaves it out."""
_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_POINTS = 60  # of the history that are shown
_STRANGE = re.compile(r"[^A-Za-z0-9_.-]")

Read = Callable[[Value], Value]
"""A label as it was sent -> as it is kept.

Raises:
    BadRequest: it is none.
"""


class Asked(BaseModel):
    """What the page sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    holder: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    id: str = ""
    what: What | Literal[""] = ""
    value: float | str | None = None
    seen: bool = False


@cache
def files() -> dict[str, tuple[bytes, str]]:
    """Return the page's files, content and media type, by path."""
    found = sorted(file for file in (Path(__file__).parent / "page").iterdir() if file.suffix in _MEDIA)
    return {
        PAGE if file.suffix == ".html" else f"{PAGE}/{file.name}": (file.read_bytes(), _MEDIA[file.suffix])
        for file in found
    }


def asked(body: bytes) -> Asked:
    """Return what the page sent.

    Raises:
        BadRequest: it is nothing that the page sends.
    """
    try:
        return Asked.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadRequest(f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['msg']}") from error


def to_log(questions: Questions, path: str, said: Asked, who: str, read: Read) -> list[Label]:
    """Return the labels that are to be in the log before `carry_out`.

    Raises:
        BadRequest: the label is none that can be given.
    """
    identity: str | None = None
    value: Value = NONE
    if path == "/label/answer" and said.what in ("label", "unusable") and questions.is_open(said.id, said.holder):
        identity = said.id
        if said.what == "label":
            if said.value is None:
                raise BadRequest("value: a label is needed")
            value = read(said.value)
    elif path == "/label/undo" and (last := questions.latest(said.holder, who)) and last[1] != "skip":
        identity = last[0]
    if identity is None:
        return []
    return [Label(value, now_us(), event_id=identity, source=source_of(who), share=questions.share(identity))]


def carry_out(questions: Questions, path: str, said: Asked, who: str, labels: list[Label]) -> dict[str, Any]:
    """Do what was asked for, and return what is to be seen next.

    Args:
        questions: of the workload.
        path: one of `PATHS`.
        said: what the page sent.
        who: sent it.
        labels: what `to_log` returned, which is in the log.
    """
    note, before = "", None
    if path == "/label/answer" and said.what:
        value = labels[0].value if labels and said.what == "label" else None
        logged = bool(labels) or said.what == "skip"
        now = labels[0].recorded_us if labels else now_us()
        if not logged or not questions.settle(said.id, said.holder, who, said.what, value, said.seen, now):
            note = "somebody else has answered that one meanwhile"
        elif said.what != "skip" and (given := questions.given(said.id)) is not None:
            before = {"value": value, "given": given}
    elif path == "/label/undo":
        questions.undo(said.holder, who)
    history = questions.history()
    return {
        "question": questions.next(said.holder, who),
        "classes": questions.classes,
        "counts": questions.counts(),
        "history": [asdict(point) for point in _thinned(history)],
        "fewest": FEWEST,
        "who": who,
        "note": note,
        "before": before,
    }


def source_of(who: str) -> str:
    """Return how a person is named in the log, as the source of their labels."""
    return _STRANGE.sub("-", who)[:64] or "page"


def _thinned(points: list[Any]) -> list[Any]:
    step = -(-len(points) // _POINTS) or 1
    return points if step == 1 else [*points[:-1:step], points[-1]]
