"""Bodies and forms -> questions: the rows to answer, or a refusal in one clear sentence."""

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError

from components.inference.gateway.body import Refused
from components.inference.gateway.call import refusal

MAX_BYTES = 10 * 2**20
"""Largest body that is read, unless the bundle says otherwise."""
FORM = "multipart/form-data"
_JSON = "application/json"
_PAIRS = "application/x-www-form-urlencoded"  # also what curl calls any body


class Question(NamedTuple):
    """What somebody wants answers to."""

    rows: list[dict[str, Any]]
    many: bool
    """Whether he sent a list, and gets one."""


class Intake:
    """Reads bodies, and what BentoML has read of forms: both become questions here."""

    def __init__(self, request: Any, rows: Callable[[Any], list[dict[str, Any]]], max_bytes: int = MAX_BYTES) -> None:
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
        if not self.uploads:
            return self._valid(lambda: self._adapter.validate_json(body))
        field = self.uploads[0]
        if len(self.uploads) > 1 or media == _JSON or (media == _PAIRS and body.startswith(f"{field}=".encode())):
            raise refused(415, f"send the file in the field {field!r} of a {FORM} form, or as the body itself")
        return self.checked({field: body})

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
            raise refused(400, sentence(error, behind=0 if is_model(self.type) else 1)) from error


def is_model(request: Any) -> bool:
    """Whether what is sent are fields of one model, not JSON of any shape."""
    return isinstance(request, type) and issubclass(request, BaseModel)


def refused(status: int, reason: str) -> Refused:
    """Return the refusal to raise."""
    return Refused(refusal(status, reason))


def sentence(error: ValidationError, behind: int) -> str:
    """Say what is wrong first; places before the one numbered `behind` name an alternative or a row, not a field."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return f"the body is not valid JSON: {first['ctx']['error']}"
    where = ".".join(map(str, first["loc"][behind:]))
    message = first["msg"][:1].lower() + first["msg"][1:]
    found = f", not {first['input']!r:.60}" if isinstance(first["input"], str | int | float) else ""
    return f"{where}: {message}{found}" if where else message
