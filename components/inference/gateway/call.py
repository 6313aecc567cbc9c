"""One request on its way through the gateway, and the reply to it."""

import os
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from numpy.typing import NDArray
from pydantic import BaseModel
from pydantic_core import to_json

from components.kinds.upload import Upload

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json")
_SANE = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch
_BEGIN = os.urandom(6).hex()
_numbers = count()


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; its length is added."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = (JSON,)


def refusal(status: int, reason: str, *headers: Header) -> Reply:
    """Return the one shape that every refusal has: `{"error": "a sentence"}`."""
    return Reply(status, to_json({"error": reason}), (JSON, *headers))


def gone(call: "Call") -> Reply:
    """Return the reply to a call that nobody waits for any more, and note it; 499 is nginx's number for it."""
    call.outcome = "gone"
    return refusal(499, "you have gone")


class Call:
    """One request: what it says, and what becomes known of it."""

    __slots__ = (
        "answers", "began", "caller", "deadline", "examples", "given_up", "headers", "id", "method", "outcome",
        "parts", "path", "receive", "received", "scope", "seconds", "sent", "status", "uploads", "version", "whole",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, limit: float) -> None:
        """Begin the call that `scope` describes; `limit` is how many seconds it may take."""
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        """By their names in lower case; of several, the last."""
        self.began = time.monotonic()
        self.deadline = self.began + limit
        """When it is given up, on the clock of `time.monotonic`."""
        self.id = identity(self.headers.get(b"x-request-id"))
        """The caller's `X-Request-ID` if it is a sane one, else one made here."""
        self.caller: str | None = None
        """The name of the key that it came with."""
        self.received = 0
        """Bytes of the body that have been read."""
        self.answers: Sequence[BaseModel] = ()
        """The model's, to each row; each has `label` and `model_version`."""
        self.uploads: Sequence[Upload] = ()
        """What each row's file was, where rows are files."""
        self.version: str | None = None
        """The registered version that answered; both, where a champion and its canary did."""
        self.examples: NDArray[Any] | None = None
        """What the answers were made of, where that is measured (`engine/shadow.py`)."""
        self.parts: Sequence[tuple[str, Sequence[BaseModel]]] = ()
        """What each version answered, where a canary has had a part in it."""
        self.status = 0
        """Of the answer; 0: none was sent, for its reader was gone."""
        self.outcome = "answered"
        """In one word: `answered`, `busy`, `late`, `gone`, `invalid`, `failed`, or by a guard's word or `refused`."""
        self.whole = False
        """Whether the body has been read to its end."""
        self.given_up = ""
        """Why its work has been cancelled, if it has: `late`, `gone`."""
        self.sent = 0
        """Bytes of the answer's body, where the gateway has made it."""
        self.seconds = 0.0
        """From arrival to the end of the answer."""

    @property
    def media(self) -> str:
        """The media type of the body, without its parameters; "": not said."""
        return self.headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")

    @property
    def has_body(self) -> bool:
        """Whether there is one, by what the headers say."""
        return self.headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in self.headers


def identity(sent: bytes | None = None) -> bytes:
    """Return the identity of a request: what was sent if it is a sane one, else a new one."""
    return sent if sent and _SANE(sent) else f"{_BEGIN}{next(_numbers):08x}".encode()
