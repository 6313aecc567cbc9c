"""The page for a person: its files, what it asks the endpoint of itself (`/about`), the examples that it offers.

It has no build step and asks no other address. What is here is answered from memory; the question itself is the
`POST /predict` (or `/explain`) that everybody asks.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.examples import MOST
from components.inference.gateway.call import Call, Reply, refusal
from components.inference.gateway.page.about import describe, example

Route = Callable[[Call], Reply]

_MEDIA = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}


def routes(engine: Engine) -> dict[str, Route]:
    """Return what answers a GET, by path: the page's files, `/about`, `/card`, `/examples/0`, … of the model."""
    return {
        **{path: _file(*file) for path, file in files().items()},
        "/about": _about(engine),
        "/card": _card(engine),
        **{f"/examples/{index}": _example(engine, index) for index in range(MOST)},
    }


@cache
def files() -> dict[str, tuple[bytes, bytes]]:
    """Return the page's own files, content and media type, by path. No secret: the page must load to ask for a key."""
    found = sorted(file for file in Path(__file__).parent.iterdir() if file.suffix in _MEDIA)
    return {
        "/" if file.name == "index.html" else f"/page/{file.name}": (file.read_bytes(), _MEDIA[file.suffix])
        for file in found
    }


def _file(body: bytes, media: bytes) -> Route:
    return lambda call: _content(call, body, media)


def _about(engine: Engine) -> Route:
    told: WeakKeyDictionary[Model, bytes] = WeakKeyDictionary()  # a table's types take milliseconds to describe

    def route(call: Call) -> Reply:
        model = engine.model
        if model not in told:
            told[model] = to_json(describe(model))
        return _content(call, told[model], b"application/json")

    return route


def _card(engine: Engine) -> Route:
    def route(call: Call) -> Reply:
        body = engine.model.card_page
        return refusal(404, "this version has no card") if body is None else _content(call, body, _MEDIA[".html"])

    return route


def _example(engine: Engine, index: int) -> Route:
    def route(call: Call) -> Reply:
        body = example(engine.model, index)
        return (
            refusal(404, f"there is no {call.path}")
            if body is None
            else _content(call, body, b"application/octet-stream")
        )

    return route


def _content(call: Call, body: bytes, media: bytes) -> Reply:
    """Return the content, or 304 where the caller has it already."""
    etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:16].encode()
    if call.headers.get(b"if-none-match") == etag:
        return Reply(304, b"", ((b"etag", etag),))
    return Reply(200, body, ((b"content-type", media), (b"etag", etag)))
