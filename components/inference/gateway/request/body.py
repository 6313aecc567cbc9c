"""Reading the body of a request, as far as it is allowed to go."""

from components.inference.gateway.call import Call, Message, Receive, Reply, refusal

_CLOSE = (b"connection", b"close")


class Refused(Exception):  # noqa: N818 - it is an answer
    """A request that is answered with a 4xx."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode())
        self.reply = reply


def refused(status: int, reason: str) -> Refused:
    """Return the refusal to raise."""
    return Refused(refusal(status, reason))


class Gone(Exception):  # noqa: N818 - nobody's error
    """Nobody is there any more to be answered."""


async def read_body(call: Call, limit: int) -> bytes:
    """Return the whole body.

    Raises:
        Refused: it is larger than `limit` bytes, by its own account or as it comes.
        Gone: its sender left.
    """
    receive, parts, more = limited(call, limit), [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def limited(call: Call, limit: int) -> Receive:
    """Return a `receive` that counts what comes; see `read_body`.

    Raises:
        Refused: the declared length is larger than `limit`.
    """
    declared = call.headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit, end=int(declared) > 4 * limit)

    async def receive() -> Message:
        message = await call.receive()
        call.received += len(message.get("body", b""))
        if call.received > limit:
            raise too_large(limit, end=await _goes_on(call.receive, message, limit))
        call.whole = not message.get("more_body", False)
        return message

    return receive


async def _goes_on(receive: Receive, message: Message, patience: int) -> bool:
    """Read on for `patience` bytes, so that who is about to end hears the refusal; whether there is still more."""
    read = 0
    while message.get("more_body") and read < patience:
        message = await receive()
        read += len(message.get("body", b""))
    return bool(message.get("more_body"))


def too_large(limit: int, end: bool) -> Refused:
    """Return the refusal of a body of more than `limit` bytes; `end`: the connection too, for there is more to come."""
    headers = (_CLOSE,) if end else ()
    return Refused(refusal(413, f"the request is larger than {limit:,} bytes", *headers))
