"""Which pages of other origins may ask from a browser (CORS): none, unless they are named.

A browser that carries a page of another origin asks first (a preflight) and shows the page only those answers that name
its origin. Keys travel in headers that the page itself sets, so no answer allows cookies.
Source: https://fetch.spec.whatwg.org/

Not Starlette's CORSMiddleware: it would answer preflights before the gateway, so that no log and no metric had them,
and refuse them with a text and 400, not in the one shape that every refusal has.
"""

import re
from collections.abc import Iterable

from components.config.errors import ConfigError
from components.inference.gateway.call import Call, Header, Reply, refusal

_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d+)?")
_VARY = (b"vary", b"Origin")
_READABLE = (b"access-control-expose-headers", b"x-request-id, x-prediction-id, x-model-version, retry-after")
_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, x-api-key, x-request-id"),
    (b"access-control-max-age", b"600"),  # seconds
)


class Cors:
    """The origins that may ask, and what is said to them."""

    def __init__(self, origins: Iterable[str]) -> None:
        """Take the origins, each as a browser names it.

        Raises:
            ConfigError: one that no browser would send, `*` among them.
        """
        self._said: dict[bytes, tuple[Header, ...]] = {}
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ConfigError(f"JOURNEYMAN_CORS: {origin!r} is no origin; they look like https://shop.example")
            self._said[origin.encode()] = ((b"access-control-allow-origin", origin.encode()), _VARY, _READABLE)

    def guard(self, call: Call) -> Reply | None:
        """Answer a preflight; what it asks to be allowed is then held against the keys like anything else."""
        if call.method != "OPTIONS" or b"access-control-request-method" not in call.headers:
            return None
        if call.headers.get(b"origin") not in self._said:
            call.outcome = "origin"
            return refusal(403, "pages of this origin may not ask")
        return Reply(204, b"", _PREFLIGHT)

    def headers(self, call: Call) -> tuple[Header, ...]:
        """Return what says who may read the answer."""
        return self._said.get(call.headers.get(b"origin", b""), (_VARY,))
