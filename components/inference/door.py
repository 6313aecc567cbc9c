"""The endpoint's door: a request of any form -> the kind's `Request` and its rows, or a refusal in a sentence."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Self, cast

from _bentoml_sdk.io_models import IODescriptor, IORootModel
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from components.inference.gateway.body import Refused
from components.inference.gateway.call import Reply, current, gone, refusal

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
        if _is_model(request):
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
            raise _refused(415, f"send the file in the field {field!r} of a {FORM} form, or as the body itself")
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
            raise _refused(400, _sentence(error, behind=0 if _is_model(self.type) else 1)) from error


class Door(IODescriptor):
    """Reads requests for BentoML. Refusals are returned as responses, so that none becomes a 500 or a trace."""

    intake: ClassVar[Intake]
    multipart_fields: ClassVar[list[str]] = []

    @classmethod
    async def from_http_request(cls, request: Request, serde: object) -> "Self | Response":
        """Return the request's content as a model, or the refusal (BentoML's hook)."""
        try:
            body = await request.body()
            media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if cls.intake.uploads and media == FORM:
                content = cls.intake.checked(await _form(request, body))
            else:
                content = cls.intake.content(body, media)
        except Refused as refused:
            return respond(refused.reply)
        except ClientDisconnect:
            return respond(gone(current.get()))
        fields = {"root": content} if issubclass(cls, IORootModel) else dict(content)
        return cast("Self", cls.model_construct(**fields))


def door(intake: Intake) -> type[Door]:
    """Return the type of what `intake` reads as BentoML takes it."""
    name, base = "Records", cast("Any", IORootModel)[intake.type]
    if _is_model(intake.type):
        name, base = intake.type.__name__, intake.type
    made = cast("type[Door]", create_model(name, __base__=(cast("Any", Door), base)))
    made.intake = intake
    made.multipart_fields = intake.uploads
    return made


def answers(one: type[BaseModel], request: Any) -> Any:
    """Return the type of what answers a `request`, as BentoML shows it: one, or a list where many may be asked for."""
    if _is_model(request):
        return one
    return create_model("Answers", __base__=(_OneOf, IORootModel[one | list[one]]))  # type: ignore[valid-type]


def respond(reply: Reply) -> Response:
    """Return the reply as BentoML's routes give it."""
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    return Response(reply.body, reply.status, headers)


class _OneOf:
    """BentoML shows only the first of `anyOf`."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the schema with every alternative."""
        schema: dict[str, Any] = super().model_json_schema(*args, **kwargs)  # type: ignore[misc]
        schema["oneOf"] = schema.pop("anyOf")
        return schema


def _is_model(request: Any) -> bool:
    return isinstance(request, type) and issubclass(request, BaseModel)


async def _form(request: Request, body: bytes) -> dict[str, Any]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, receive).form(max_files=8, max_fields=64) as form:
            return {
                name: await value.read() if isinstance(value, UploadFile) else value.encode()
                for name, value in form.items()
            }
    except HTTPException as error:
        raise _refused(400, f"the multipart form cannot be read: {error.detail}") from error


def _refused(status: int, reason: str) -> Refused:
    return Refused(refusal(status, reason))


def _sentence(error: ValidationError, behind: int) -> str:
    """Say what is wrong first; the first `behind` places name an alternative, not a field."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return f"the body is not valid JSON: {first['ctx']['error']}"
    where = ".".join(map(str, first["loc"][behind:]))
    message = first["msg"][:1].lower() + first["msg"][1:]
    found = f", not {first['input']!r:.60}" if isinstance(first["input"], str | int | float) else ""
    return f"{where}: {message}{found}" if where else message
