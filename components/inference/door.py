"""The endpoint's door for people: what BentoML's typed routes take and answer, as OpenAPI shows it."""

from typing import Any, ClassVar, Self, cast

from _bentoml_sdk.io_models import IODescriptor, IORootModel
from pydantic import BaseModel, create_model
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from components.inference.gateway.body import Refused
from components.inference.gateway.call import Reply, current, gone
from components.inference.intake import FORM, Intake, is_model, refused


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
        except Refused as error:
            return respond(error.reply)
        except ClientDisconnect:
            return respond(gone(current.get()))
        fields = {"root": content} if issubclass(cls, IORootModel) else dict(content)
        return cast("Self", cls.model_construct(**fields))


def door(intake: Intake) -> type[Door]:
    """Return the type of what `intake` reads as BentoML takes it."""
    name, base = "Records", cast("Any", IORootModel)[intake.type]
    if is_model(intake.type):
        name, base = intake.type.__name__, intake.type
    made = cast("type[Door]", create_model(name, __base__=(cast("Any", Door), base)))
    made.intake = intake
    made.multipart_fields = intake.uploads
    return made


def answers(one: type[BaseModel], request: Any) -> Any:
    """Return the type of what answers a `request`, as BentoML shows it: one, or a list where many may be asked for."""
    if is_model(request):
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
        raise refused(400, f"the multipart form cannot be read: {error.detail}") from error
