"""Multipart forms -> their fields: the files, and the texts that stand for files."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from components.inference.gateway.request.body import refused
from components.inference.gateway.request.other_formats import file_of_text

FORM = "multipart/form-data"
_BOUNDARY_LINE = 200  # bytes of the line that parts a form, at most


async def form_content(content_type: bytes, body: bytes, uploads: Sequence[str]) -> dict[str, bytes]:
    """Return the fields of the form that `body` is; of a single upload its file, whatever its field is called.

    Args:
        content_type: the header.
        body: the whole of it.
        uploads: the names of the fields that take files.

    Raises:
        Refused: 400; the form cannot be read, or several files came for one upload, or an address instead.
    """
    scope = {"type": "http", "headers": [(b"content-type", _with_boundary(content_type, body))]}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(scope, receive).form(max_files=8, max_fields=64) as form:
            files = [(name, await value.read()) for name, value in form.multi_items() if isinstance(value, UploadFile)]
            texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    except MultiPartException as error:
        raise refused(400, f"the multipart form cannot be read: {error.message}") from error
    if len(uploads) != 1:
        return {**{name: text.encode() for name, text in texts}, **dict(files)}
    file = _single_file(files, texts, uploads[0])
    return {} if file is None else {uploads[0]: file}


def _single_file(files: Sequence[tuple[str, bytes]], texts: Sequence[tuple[str, str]], field: str) -> bytes | None:
    """Return the single file of a form, whatever its field is called; None: there is none.

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


def _with_boundary(content_type: bytes, body: bytes) -> bytes:
    """Return the header; where it does not say what parts the form, the body's own first line does."""
    first = body[:_BOUNDARY_LINE].partition(b"\r\n")[0]
    if b"boundary=" in content_type.lower() or not first.startswith(b"--"):
        return content_type
    return FORM.encode() + b'; boundary="%b"' % first[2:]
