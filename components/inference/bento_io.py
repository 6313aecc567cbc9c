"""The endpoint's door for people: what BentoML's typed routes take and answer, as OpenAPI shows it."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self, cast

from _bentoml_sdk.io_models import IODescriptor, IORootModel
from pydantic import BaseModel, create_model
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from components.inference.gateway.call import Reply, current, gone
from components.inference.gateway.request.body import Refused
from components.inference.gateway.request.encoding import plain
from components.inference.gateway.request.other_formats import file_of_text
from components.inference.gateway.request.parser import FORM, RequestParser, is_model, refused

_LINE = 200  # bytes of the line that parts a form, at most


class BentoInput(IODescriptor):
    """Reads requests for BentoML. Refusals are returned as responses, so that none becomes a 500 or a trace."""

    parser: ClassVar[RequestParser]
    multipart_fields: ClassVar[list[str]] = []

    @classmethod
    async def from_http_request(cls, request: Request, serde: object) -> "Self | Response":
        """Return the request's content as a model, or the refusal (BentoML's hook)."""
        try:
            encoding = request.headers.get("content-encoding", "").encode("latin-1")
            body = plain(await request.body(), encoding, cls.parser.max_bytes)
            media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if cls.parser.uploads and media == FORM:
                content = cls.parser.checked(await _form(request, body, cls.parser.uploads))
            else:
                content = cls.parser.content(body, media)
        except Refused as error:
            return respond(error.reply)
        except ClientDisconnect:
            return respond(gone(current.get()))
        fields = {"root": content} if issubclass(cls, IORootModel) else dict(content)
        return cast("Self", cls.model_construct(**fields))


def input_type(parser: RequestParser) -> type[BentoInput]:
    """Return the type of what `parser` reads as BentoML takes it."""
    name, base = "Records", cast("Any", IORootModel)[parser.type]
    if is_model(parser.type):
        name, base = parser.type.__name__, parser.type
    made = cast("type[BentoInput]", create_model(name, __base__=(cast("Any", BentoInput), base)))
    made.parser = parser
    made.multipart_fields = parser.uploads
    return made


def output_type(answer: type[BaseModel], request: Any) -> Any:
    """Return the type of what answers a `request`, as BentoML shows it.

    It is `answer`, or a list of them where many may be asked for.
    """
    if is_model(request):
        return answer
    return create_model("Answers", __base__=(_Alternatives, IORootModel[answer | list[answer]]))  # type: ignore[valid-type]


def respond(reply: Reply) -> Response:
    """Return the reply as BentoML's routes give it."""
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    return Response(reply.body, reply.status, headers)


class _Alternatives:
    """BentoML shows only the first of `anyOf`."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the schema with every alternative."""
        schema: dict[str, Any] = super().model_json_schema(*args, **kwargs)  # type: ignore[misc]
        schema["oneOf"] = schema.pop("anyOf")
        return schema


async def _form(request: Request, body: bytes, uploads: Sequence[str]) -> dict[str, Any]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(_bounded(request.scope, body), receive).form(max_files=8, max_fields=64) as form:
            files = [(name, await value.read()) for name, value in form.multi_items() if isinstance(value, UploadFile)]
            texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    except HTTPException as error:
        raise refused(400, f"the multipart form cannot be read: {error.detail}") from error
    if len(uploads) != 1:
        return {**{name: text.encode() for name, text in texts}, **dict(files)}
    file = _only(files, texts, uploads[0])
    return {} if file is None else {uploads[0]: file}


def _only(files: Sequence[tuple[str, bytes]], texts: Sequence[tuple[str, str]], field: str) -> bytes | None:
    """Return the one file of a form, whatever its field is called; None: there is none.

    Raises:
        Refused: there are several, or an address instead.
    """
    own = [file for name, file in files if name == field]
    if len(files) == 1 or len(own) == 1:
        return own[0] if own else files[0][1]
    if files:
        named = ", ".join(repr(name) for name, _ in files)
        raise refused(400, f"there are {len(files)} files ({named}), and one is asked for: send it as {field!r}")
    sent = [text for name, text in texts if name == field] or [text for _, text in texts if len(texts) == 1]
    if not sent:
        return None
    if sent[0].lower().startswith(("http://", "https://")):
        raise refused(400, f"{field}: send the file itself, not its address")
    return file_of_text(sent[0]) or _bytes(sent[0])


def _bytes(text: str) -> bytes:
    """Return the bytes of a part that has no file name, which the parser has taken for a text."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _bounded(scope: Any, body: bytes) -> Any:
    """Return the scope; where the header does not say what parts the form, the body's own first line does."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
    first = body[:_LINE].partition(b"\r\n")[0]
    said = dict(scope["headers"]).get(b"content-type", b"")
    if b"boundary=" in said.lower() or not first.startswith(b"--"):
        return scope
    return {**scope, "headers": [*headers, (b"content-type", FORM.encode() + b'; boundary="%b"' % first[2:])]}
