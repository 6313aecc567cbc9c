"""What a body holds -> the rows to answer, or a refusal in one clear sentence."""

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError

from components.inference.gateway.request.body import Refused, refused
from components.inference.gateway.request.form import FORM
from components.inference.gateway.request.other_formats import (
    file_in_json,
    file_in_pairs,
    file_of_text,
    plain_json,
    record_of,
    why_no_record,
    without_line_ends,
)

MAX_BYTES = 10 * 2**20
"""Largest body that is read, unless the bundle says otherwise."""
_JSON = "application/json"
_PAIRS = "application/x-www-form-urlencoded"  # also what curl calls any body
_NAMED = re.compile(rb"[\w.-]{1,64}=").match
_SHOWN = 100  # characters of a name that are said
_START = 512  # bytes by which the form of a body is known


class Question(NamedTuple):
    """What somebody wants answers to."""

    rows: list[Any]
    many: bool
    """Whether he sent a list, and gets one."""


class RequestParser:
    """Reads what the bodies of one route hold."""

    def __init__(self, request: Any, rows: Callable[[Any], list[Any]], max_bytes: int = MAX_BYTES) -> None:
        """Take what is of the type `request`; `rows` is the codec's.

        Of a model, `bytes` fields are uploads: the bare body, if there is one. What is no model (a union, a list) is
        the JSON body itself.
        """
        self.type = request
        self.rows = rows
        self.max_bytes = max_bytes
        self.uploads: list[str] = []
        self._adapter: TypeAdapter[Any] = TypeAdapter(request)
        if is_model(request):
            self.uploads = [name for name, field in request.model_fields.items() if field.annotation is bytes]

    def question(self, body: bytes, media: str) -> Question:
        """Return the question that a body of this media type asks; see `content`."""
        return self.asked(self.content(body, media))

    def asked(self, content: Any) -> Question:
        """Return the question that valid content asks."""
        return Question(self.rows(content), isinstance(content, list))

    def content(self, body: bytes, media: str) -> Any:
        """Return what a body holds, valid.

        Raises:
            Refused: 400 or 415.
        """
        if self.uploads:
            return self.checked({self.uploads[0]: self._file(body, media)})
        try:
            return self._adapter.validate_json(body)
        except ValidationError as error:
            return self._otherwise(body, media, error)

    def checked(self, content: Any) -> Any:
        """Return content, valid.

        Raises:
            Refused: 400.
        """
        return self._valid(lambda: self._adapter.validate_python(content))

    def _valid(self, validated: Callable[[], Any]) -> Any:
        try:
            return validated()
        except ValidationError as error:
            raise self._refused(error) from error

    def _otherwise(self, body: bytes, media: str, error: ValidationError) -> Any:
        """Return what a body holds that is not valid as it stands."""
        plain = plain_json(body)
        if plain is not body:
            return self.content(plain, media)
        content = record_of(body, media == _PAIRS, self.fields)
        if content is not None:
            return self.checked(content)
        why = why_no_record(body, self.fields)
        raise (refused(400, why) if why else self._refused(error)) from error

    def _file(self, body: bytes, media: str) -> bytes:
        """Return the file that a body is, or holds as base64."""
        start = body[:_START].removeprefix(BOM_UTF8).lstrip()
        file: bytes | None = body
        if media == _JSON and start.startswith((b"{", b"[", b'"')):
            file = file_in_json(body)
        elif media == _PAIRS and _NAMED(start):
            file = file_in_pairs(body)
        elif media == _PAIRS and without_line_ends(body):
            raise refused(400, "the file has lost its line ends, as curl -d has it: send it with --data-binary or -F")
        elif start.startswith(b"data:") or (media.startswith("text/") and start.isascii()):
            file = file_of_text(body.decode("latin-1")) or body
        elif start.startswith(b"--") and b"form-data" in start:
            raise refused(415, f"the body is a form, but Content-Type is {media or 'not said'}: have it be {FORM}")
        if file is None or len(self.uploads) > 1:
            where = f"in the field {self.uploads[0]!r} of a {FORM} form, or as the body itself"
            raise refused(415, f'send the file {where}, or as base64 in JSON, {{"{self.uploads[0]}": "…"}}')
        return file

    def _refused(self, error: ValidationError) -> Refused:
        return refused(400, sentence(error, behind=0 if is_model(self.type) else 1))

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names of all fields that a record may have."""
        shapes = [self._adapter.json_schema(), *self._adapter.json_schema().get("$defs", {}).values()]
        return frozenset(name for shape in shapes for name in shape.get("properties", {}))


def is_model(request: Any) -> bool:
    """Whether what is sent are fields of one model, not JSON of any shape."""
    return isinstance(request, type) and issubclass(request, BaseModel)


def sentence(error: ValidationError, behind: int) -> str:
    """Say what is wrong first; the first `behind` parts of a location name an alternative or a row, not a field."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return f"the body is not valid JSON: {first['ctx']['error']}"
    where = ".".join(str(part)[:_SHOWN] for part in first["loc"][behind:])
    message = first["msg"][:1].lower() + first["msg"][1:]
    found = f", not {first['input']!r:.60}" if isinstance(first["input"], str | int | float) else ""
    return f"{where}: {message}{found}" if where else message
