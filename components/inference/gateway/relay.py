"""Having BentoML's own routes answer, under our limits and in our shape."""

from collections.abc import Awaitable
from typing import Any

from components.inference.gateway.call import JSON, Call, Message, Reply, Send, refusal
from components.inference.gateway.request.body import limited

DOCS = "/docs"
"""Where BentoML's Swagger page is; `/` is ours."""


async def pass_on(app: Any, call: Call, limit: int, send: Send) -> Reply | None:
    """Have `app` answer the call; return the reply to send instead of its answer, if that is an error of its own.

    Raises:
        Refused: the body is larger than `limit` bytes.
        Gone: the sender left.
    """
    if call.path == DOCS:
        call.scope["path"] = "/"
    receive = limited(call, limit)
    ours: list[Reply] = []

    def relay(message: Message) -> Awaitable[None]:
        if not ours and _is_foreign(message):
            ours.append(_in_our_shape(call, message))
        return _nothing() if ours else send(message)

    await app(call.scope, receive, relay)
    return ours[0] if ours else None


def not_allowed(call: Call, allowed: bytes) -> Reply:
    """Return the refusal of a method."""
    return refusal(405, f"{call.method} is not allowed on {call.path}", (b"allow", allowed))


def _is_foreign(message: Message) -> bool:
    """Whether it begins an error that is not JSON."""
    return message["type"] == "http.response.start" and message["status"] >= 400 and JSON not in message["headers"]


def _in_our_shape(call: Call, message: Message) -> Reply:
    headers, status = dict(message["headers"]), message["status"]
    call.outcome = "invalid" if status < 500 else "failed"
    if status == 404:
        return refusal(404, f"there is no {call.path}")
    if status == 405:
        return not_allowed(call, headers.get(b"allow", b""))
    return refusal(status, f"{call.method} {call.path} failed")


async def _nothing() -> None: ...
