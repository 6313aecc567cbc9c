"""The endpoint's door: a request of any form -> the kind's `Request`, or a refusal in one clear sentence."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self, cast

from _bentoml_sdk.io_models import IODescriptor, IORootModel
from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

MAX_BYTES = 10 * 2**20
"""Largest body that is read."""


def respond(content: BaseModel | Sequence[BaseModel]) -> Response:
    """Return one answer, or a list of them, as JSON."""
    if isinstance(content, BaseModel):
        return Response(content.model_dump_json(), media_type="application/json")
    body = b",".join(one.model_dump_json().encode() for one in content)
    return Response(b"[" + body + b"]", media_type="application/json")


class Refusal(Exception):  # noqa: N818 - it is an answer
    """A request that is answered with a 4xx."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status

    def response(self) -> Response:
        """Return the one shape that every refusal has: `{"error": "a sentence"}`."""
        return JSONResponse({"error": str(self)}, status_code=self.status)


class Door(IODescriptor):
    """Reads requests for BentoML. Refusals are returned as responses, so that none becomes a 500 or a trace."""

    uploads: ClassVar[list[str]] = []
    multipart_fields: ClassVar[list[str]] = []

    @classmethod
    async def from_http_request(cls, request: Request, serde: object) -> "Self | Response":
        """Return the request's content as a model, or the refusal (BentoML's hook)."""
        try:
            accepted: Self = cls.model_validate(await _content(request, cls.uploads))
            return accepted
        except Refusal as refusal:
            return refusal.response()
        except ValidationError as error:
            return Refusal(400, _sentence(error)).response()


def door(request: Any) -> type[Door]:
    """Return the type `request` as BentoML takes it.

    Of a model, `bytes` fields are uploads, in a form or, if there is one, as the bare body. What is no model (a union,
    a list) is the JSON body itself.
    """
    if not (isinstance(request, type) and issubclass(request, BaseModel)):
        return cast("type[Door]", create_model("Records", __base__=(cast("Any", Door), IORootModel[request])))
    made = cast("type[Door]", create_model(request.__name__, __base__=(cast("Any", Door), request)))
    made.uploads = [name for name, field in request.model_fields.items() if field.annotation is bytes]
    made.multipart_fields = made.uploads
    return made


def answers(one: type[BaseModel], request: Any) -> Any:
    """Return the type of what answers a `request`, as BentoML shows it: one, or a list where many may be asked for."""
    if isinstance(request, type):
        return one
    return create_model("Answers", __base__=(_OneOf, IORootModel[one | list[one]]))  # type: ignore[valid-type]


class _OneOf:
    """BentoML shows only the first of `anyOf`."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the schema with every alternative."""
        schema: dict[str, Any] = super().model_json_schema(*args, **kwargs)  # type: ignore[misc]
        schema["oneOf"] = schema.pop("anyOf")
        return schema


async def _content(request: Request, uploads: list[str]) -> Any:
    body = await _body(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not uploads:
        return _json(body)
    if media == "multipart/form-data":
        return await _form(request, body)
    if media in ("application/json", "application/x-www-form-urlencoded") or len(uploads) > 1:
        raise Refusal(
            415, f"send the file in the field {uploads[0]!r} of a multipart/form-data form, or as the body itself"
        )
    return {uploads[0]: body}


async def _body(request: Request) -> bytes:
    too_large = Refusal(413, f"the request is larger than {MAX_BYTES:,} bytes")
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_BYTES:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise too_large
    return bytes(body)


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
        raise Refusal(400, f"the multipart form cannot be read: {error.detail}") from error


def _json(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError as error:
        raise Refusal(400, f"the body is not valid JSON: {error}") from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    place = first["loc"][2:] if first["loc"][:1] == ("root",) else first["loc"]  # behind it: which alternative
    where = ".".join(map(str, place))
    message = first["msg"][:1].lower() + first["msg"][1:]
    found = f", not {first['input']!r:.60}" if isinstance(first["input"], str | int | float) else ""
    return f"{where}: {message}{found}" if where else message
