"""The way of a request through the gateway; see the package's docstring."""

import time
from collections.abc import Awaitable, Mapping
from typing import Any, get_args

from components.inference.device import Provider
from components.inference.engine.engine import Engine
from components.inference.gateway import relay
from components.inference.gateway.call import Call, Receive, Reply, Scope, Send, refusal
from components.inference.gateway.failure import failure
from components.inference.gateway.operations import Operation
from components.inference.gateway.policies import Policies, Route
from components.inference.gateway.protocols.sagemaker import PING
from components.inference.gateway.watch import Watch
from components.inference.options import Options

_PLAIN = (b"content-type", b"text/plain; charset=utf-8")
BUSY = refusal(429, "the endpoint has all the requests it can take; come again", (b"retry-after", b"1"))
_SEEN = "journeyman.call"  # marks a scope that has been here


class Gateway:
    """The middleware."""

    def __init__(
        self,
        app: Any,
        engine: Engine,
        operations: Mapping[str, Operation],
        options: Options,
        policies: Policies,
        max_bytes: int,
        first: bool = True,
    ) -> None:
        """Stand before `app`, BentoML's routes.

        Args:
            app: what comes next.
            engine: what answers.
            operations: what answers a POST, by path.
            options: the settings.
            policies: what to ask and do about every call.
            max_bytes: the largest body that is read.
            first: take the place of all that BentoML has put before (tracing, timeout), once the application starts.
        """
        self._app = app
        self._options = options
        self._policies = policies
        self._first = first
        self._operations = operations
        self._limit = max_bytes
        self._routes = {**_health(engine), **policies.routes}
        self._watch = Watch(options.queue, options.queue_bytes, max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have BentoML answer (ASGI)."""
        if scope["type"] == "http" and _SEEN not in scope:
            scope[_SEEN] = True
            call = Call(scope, receive, self._options.deadline)
            return await self._policies.around(call, self._answer(call, send))
        if scope["type"] == "lifespan" and self._first:
            scope["app"].middleware_stack = self
        await self._app(scope, receive, send)
        return None

    async def _answer(self, call: Call, send: Send) -> None:
        try:
            if reply := await self._reply(call, send):
                await self._send(call, reply, send)
        finally:
            call.seconds = time.monotonic() - call.began
            for observe in self._policies.observers:
                observe(call)

    async def _reply(self, call: Call, send: Send) -> Reply | None:
        """Return the reply; None: it has been sent."""
        try:
            for guard in self._policies.guards:
                if (reply := guard(call)) is not None:
                    if reply.status >= 400 and call.outcome == "answered":
                        call.outcome = "refused"
                    return reply
            if route := self._routes.get(call.path):
                return route(call) if call.method in ("GET", "HEAD") else relay.not_allowed(call, b"GET, HEAD")
            return await self._admitted(call, send)
        except BaseException as error:
            return failure(call, error)

    async def _admitted(self, call: Call, send: Send) -> Reply | None:
        if not self._watch.admit(call):
            call.outcome = "busy"
            return BUSY
        try:
            if call.method == "POST" and (operation := self._operations.get(call.path)):
                return await operation(call)
            return await relay.pass_on(self._app, call, self._limit, self._started(call, send))
        finally:
            self._watch.release(call)

    async def _send(self, call: Call, reply: Reply, send: Send) -> None:
        call.sent = len(reply.body)
        length = (b"content-length", str(len(reply.body)).encode())
        headers = [*reply.headers, length]
        await self._started(call, send)({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def _started(self, call: Call, send: Send) -> Send:
        """Return a `send` that adds our headers to the start of an answer."""

        def start(message: Any) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                if call.status >= 400 and call.outcome == "answered":
                    call.outcome = "invalid" if call.status < 500 else "failed"
                headers = [*message["headers"], (b"x-request-id", call.id)]
                for more in self._policies.headers:
                    headers.extend(more(call))
                message["headers"] = headers
            return send(message)

        return start


def _health(engine: Engine) -> dict[str, Route]:
    live_reply, not_yet = Reply(200, b"\n", (_PLAIN,)), refusal(503, "the endpoint is not ready")
    by = {provider: Reply(200, b"%b\n" % provider.encode(), (_PLAIN,)) for provider in get_args(Provider)}

    def live(_: Call) -> Reply:
        return live_reply

    def ready(_: Call) -> Reply:
        return by[engine.model.provider] if engine.ready else not_yet

    return {"/livez": live, "/healthz": live, "/readyz": ready, PING: ready}
