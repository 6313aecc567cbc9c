import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.gateway.app import Gateway, Policies
from components.inference.gateway.call import Call, refusal
from components.inference.gateway.operations import PREDICT, Operation, answering, prediction
from components.inference.gateway.request.parser import RequestParser
from components.inference.options import Options
from components.inference.unfamiliar import UnfamiliarTest
from components.kinds.image import codec
from tests.unit.inference.conftest import picture

NewModel = Callable[..., Model]
WHITE = picture(255)["picture"]
SLOW = {"wide": 1024, "deep": 3000}
"""A model that takes a quarter of a second on a fast machine, of which nothing is left of a run that is ended."""


def test_a_bare_body_is_answered(new_model: NewModel) -> None:
    model = new_model()
    (answer,) = _ask(model, "POST", "/predict", WHITE)
    assert answer.status == 200
    (expected,) = model.answers(model.scored(model.read([{"picture": WHITE}])))
    assert answer.body == expected.model_dump_json().encode()
    assert answer.headers[b"content-type"] == b"application/json"


def test_a_model_that_abstains_does_so_to_a_caller(new_model: NewModel) -> None:
    familiar = UnfamiliarTest.calibrated(np.arange(199, dtype=np.float32), 0.01)
    model = new_model(familiar=familiar, abstain=True)
    (answer,) = _ask(model, "POST", "/predict", WHITE)
    said = {"abstains": True, "model_version": "1", "unfamiliar": True, "unfamiliar_rank": 199 / 200}
    assert (answer.status, json.loads(answer.body)) == (200, said)
    (answer,) = _ask(model, "POST", "/predict", picture(20)["picture"])
    assert json.loads(answer.body)["unfamiliar"] is False
    assert "label" in json.loads(answer.body)


@pytest.mark.parametrize("said", [b"multipart/form-data; boundary=end", b"multipart/form-data"])
@pytest.mark.parametrize("part", [b'name="picture"; filename="a.png"', b'name="other"; filename="a"'])
def test_a_form_is_answered_as_its_file_is(said: bytes, part: bytes, new_model: NewModel) -> None:
    form = b"--end\r\nContent-Disposition: form-data; " + part + b"\r\n\r\n" + WHITE + b"\r\n--end--\r\n"
    model = new_model()
    (bare,) = _ask(model, "POST", "/predict", WHITE)
    (answer,) = _ask(model, "POST", "/predict", form, headers={b"content-type": said})
    assert (answer.status, answer.body) == (200, bare.body)
    (refused,) = _ask(model, "POST", "/predict", form, headers={b"content-type": said}, limit=len(form) - 1)
    assert refused.status == 413


@pytest.mark.parametrize(
    ("form", "sentence"),
    [(b"--end--\r\n", "picture: field required"), (b"junk", "the multipart form cannot be read: ")],
)
def test_a_form_without_a_file_is_refused_in_one_sentence(form: bytes, sentence: str, new_model: NewModel) -> None:
    (answer,) = _ask(new_model(), "POST", "/predict", form, headers={b"content-type": b"multipart/form-data"})
    assert answer.status == 400
    assert json.loads(answer.body)["error"].startswith(sentence)


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/nowhere", 404, "there is no /nowhere"),
        ("GET", "/predict", 405, "GET is not allowed on /predict"),
        ("DELETE", "/livez", 405, "DELETE is not allowed on /livez"),
        ("POST", "/breaks", 500, "the endpoint failed; its log says why, under mine"),
        ("POST", "/refuses", 418, "as it was said"),
        ("POST", "/text", 503, "POST /text failed"),
    ],
)
def test_every_error_has_one_shape(
    method: str, path: str, status: int, sentence: str, new_model: NewModel, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        (answer,) = _ask(new_model(), method, path, headers={b"x-request-id": b"mine"})
    assert answer.status == status
    assert json.loads(answer.body) == {"error": sentence}
    assert answer.headers[b"x-request-id"] == b"mine"


@pytest.mark.parametrize("sent", [None, b"", b"two words", b"x" * 129, b'{"a":1}'])
def test_an_id_is_made_where_none_is_sent_that_is_fit_for_a_log(sent: bytes | None, new_model: NewModel) -> None:
    headers = {} if sent is None else {b"x-request-id": sent}
    first, second = _ask(new_model(), "GET", "/livez", headers=headers, times=2)
    assert first.headers[b"x-request-id"].isalnum()
    assert sent != first.headers[b"x-request-id"] != second.headers[b"x-request-id"]


def test_it_is_alive_before_it_is_ready(new_model: NewModel) -> None:
    async def watch() -> tuple[list[int], bytes]:
        engine = Engine()
        gateway = _gateway(engine)
        told = [await _call(gateway, "GET", path) for path in ("/livez", "/readyz")]
        engine.swap(new_model())
        last = await _call(gateway, "GET", "/readyz")
        return [answer.status for answer in (*told, last)], last.body

    assert asyncio.run(watch()) == ([200, 503, 200], b"cpu\n")


def test_a_body_that_says_it_is_too_large_is_not_read(new_model: NewModel) -> None:
    (answer,) = _ask(new_model(), "POST", "/predict", WHITE, headers={b"content-length": b"5000"}, limit=4999)
    assert answer.status == 413
    assert json.loads(answer.body) == {"error": "the request is larger than 4,999 bytes"}
    assert answer.read == 0


@pytest.mark.parametrize(("chunks", "close"), [(7, False), (1000, True)])
@pytest.mark.parametrize("path", ["/predict", "/form"])
def test_a_body_that_does_not_say_is_counted(path: str, chunks: int, close: bool, new_model: NewModel) -> None:
    """Whoever is about to end is heard out; whoever goes on and on is not."""
    (answer,) = _ask(new_model(), "POST", path, [bytes(1000)] * chunks, limit=5000)
    assert answer.status == 413
    assert json.loads(answer.body) == {"error": "the request is larger than 5,000 bytes"}
    assert answer.read <= 11
    assert (answer.headers.get(b"connection") == b"close") == close


@pytest.mark.slow
def test_beyond_the_queue_it_says_so_at_once_and_admitted_ones_are_answered(new_model: NewModel) -> None:
    answers = _ask(new_model(**SLOW), "POST", "/predict", WHITE, options=Options(queue=2, deadline=120), times=5)
    assert sorted(answer.status for answer in answers) == [200, 200, 429, 429, 429]
    refused = [answer for answer in answers if answer.status == 429]
    assert [answer.read for answer in refused] == [0, 0, 0]
    assert refused[0].headers[b"retry-after"] == b"1"
    assert max(a.order for a in refused) < min(a.order for a in answers if a.status == 200)


@pytest.mark.slow
def test_bodies_that_would_not_fit_into_memory_wait_outside(new_model: NewModel) -> None:
    options = Options(queue_bytes=2 * len(WHITE) + 1, deadline=120)
    answers = _ask(new_model(**SLOW), "POST", "/predict", WHITE, options=options, times=4)
    assert sorted(answer.status for answer in answers) == [200, 200, 429, 429]


@pytest.mark.slow
def test_late_is_504_and_frees_the_place(new_model: NewModel) -> None:
    options = Options(queue=1, deadline=0.06)
    model = new_model(**SLOW)
    (late,) = _ask(model, "POST", "/predict", WHITE, options=options)
    assert late.status == 504
    assert json.loads(late.body) == {"error": "there was no answer within 0.06 s"}

    async def again() -> list[int]:
        engine = Engine()
        engine.swap(model)
        gateway = _gateway(engine, options)
        told = [await _call(gateway, "POST", "/predict", WHITE) for _ in range(2)]
        return [answer.status for answer in (*told, await _call(gateway, "GET", "/sleeps"))]

    assert asyncio.run(again()) == [504, 504, 504]


def test_a_body_that_does_not_come_is_given_up(new_model: NewModel) -> None:
    (answer,) = _ask(new_model(), "POST", "/predict", _never(), options=Options(deadline=0.1), chunked=True)
    assert answer.status == 408
    assert json.loads(answer.body) == {"error": "the body did not come within 0.1 s"}


@pytest.mark.slow
def test_who_has_gone_gives_his_place_to_others(new_model: NewModel) -> None:
    seen = list[Call]()
    policies = Policies(observers=(seen.append,))

    async def one_leaves() -> int:
        engine = Engine()
        engine.swap(new_model(wide=1024, deep=6000))  # long enough to be heard of before it is done
        gateway = _gateway(engine, Options(queue=1, deadline=120), policies)
        await _call(gateway, "POST", "/predict", WHITE, leave=True)
        return (await _call(gateway, "POST", "/predict", WHITE)).status

    assert asyncio.run(one_leaves()) == 200
    assert [call.outcome for call in seen] == ["gone", "answered"]


@pytest.mark.parametrize("first", [True, False])
def test_what_bentoml_puts_before_is_left_out_if_that_is_wanted(first: bool, new_model: NewModel) -> None:
    passed = list[str]()

    class Before:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            passed.append(scope["type"])
            await self.app(scope, receive, send)

    async def start_and_ask() -> list[int]:
        engine = Engine()
        engine.swap(new_model())
        app = _rest()
        app.add_middleware(
            Gateway,
            engine=engine,
            operations=_operations(engine),
            options=Options(),
            policies=Policies(),
            max_bytes=10**6,
            first=first,
        )
        app.add_middleware(Before)
        started = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> dict[str, str]:
            return {"type": next(started)}

        async def send(_: Any) -> None: ...

        await app({"type": "lifespan", "state": {}}, receive, send)
        answers = [await _call(app, "POST", "/predict", WHITE), await _call(app, "POST", "/form", WHITE)]
        return [answer.status for answer in answers]

    assert asyncio.run(start_and_ask()) == [200, 200]
    assert passed == (["lifespan"] if first else ["lifespan", "http", "http"])


def test_policies_are_asked_in_order_and_told_what_became_of_it(new_model: NewModel) -> None:
    said = list[str]()

    def guard(call: Call) -> Any:
        said.append("guard")
        call.caller = "somebody"
        return refusal(401, "who are you?") if call.path == "/secret" else None

    def headers(call: Call) -> Iterable[tuple[bytes, bytes]]:
        return [(b"x-seen", f"{call.caller} {call.status}".encode())]

    def observe(call: Call) -> None:
        labels = [answer.label for answer in call.answers]  # type: ignore[attr-defined]
        said.append(f"{call.status} {call.outcome} {call.version} {labels} {call.received}")

    policies = Policies((guard,), {"/about": lambda _: refusal(200, "nothing")}, (headers,), (observe,))

    async def asked() -> list[_Answer]:
        engine = Engine()
        engine.swap(new_model())
        gateway = _gateway(engine, policies=policies)
        paths = [("POST", "/predict"), ("POST", "/secret"), ("GET", "/about"), ("POST", "/form"), ("GET", "/no")]
        return [await _call(gateway, method, path, WHITE) for method, path in paths]

    answers = asyncio.run(asked())
    assert [answer.headers[b"x-seen"] for answer in answers] == [
        b"somebody 200",
        b"somebody 401",
        b"somebody 200",
        b"somebody 200",
        b"somebody 404",
    ]
    size = len(WHITE)
    assert said == [
        "guard", f"200 answered 1 ['bright'] {size}", "guard", "401 refused None [] 0", "guard",
        "200 answered None [] 0", "guard", f"200 answered None [] {size}", "guard", "404 invalid None [] 0",
    ]  # fmt: skip


@dataclass
class _Answer:
    """What came back, how many messages of the body were read for it, and which answer it was in order."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    read: int = 0
    order: float = 0.0


def _ask(
    model: Model,
    method: str,
    path: str,
    body: Any = b"",
    *,
    headers: dict[bytes, bytes] | None = None,
    options: Options | None = None,
    policies: Policies | None = None,
    times: int = 1,
    **how: Any,
) -> list[_Answer]:
    """Ask so many times at once."""
    limit = how.pop("limit", 10**6)

    async def ask() -> list[_Answer]:
        engine = Engine()
        engine.swap(model)
        gateway = _gateway(engine, options, policies, limit)
        return await asyncio.gather(*(_call(gateway, method, path, body, headers, **how) for _ in range(times)))

    return asyncio.run(ask())


def _gateway(
    engine: Engine, options: Options | None = None, policies: Policies | None = None, limit: int = 10**6
) -> Gateway:
    return Gateway(_rest(), engine, _operations(engine, limit), options or Options(), policies or Policies(), limit)


def _operations(engine: Engine, limit: int = 10**6) -> dict[str, Operation]:
    return {PREDICT: prediction(engine, RequestParser(codec.Request, codec.rows, limit), answering(engine, True))}


async def _call(
    gateway: Any,
    method: str,
    path: str,
    body: Any = b"",
    headers: dict[bytes, bytes] | None = None,
    *,
    chunked: bool = False,
    leave: bool = False,
) -> _Answer:
    """Send one request as a server would; `leave` after it is sent."""
    chunks = [body] if isinstance(body, bytes) else body
    known = {b"content-length": str(len(body)).encode()} if isinstance(body, bytes) else {b"transfer-encoding": b"c"}
    sent = iter(chunks) if not chunked else None
    answer = _Answer()

    async def receive() -> dict[str, Any]:
        chunk = next(sent, None) if sent else await chunks
        if chunk is None:
            await asyncio.sleep(0 if leave else 3600)
            return {"type": "http.disconnect"}
        answer.read += 1
        return {
            "type": "http.request",
            "body": chunk,
            "more_body": chunk is not chunks[-1] or answer.read < len(chunks),
        }

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], dict(message["headers"])
            answer.order = asyncio.get_running_loop().time()
        answer.body += message.get("body", b"")

    pairs = list((known | (headers or {})).items())
    scope = {"type": "http", "method": method, "path": path, "headers": pairs, "query_string": b"", "root_path": ""}
    await gateway(scope, receive, send)
    return answer


async def _never() -> bytes:
    await asyncio.sleep(3600)
    return b""


def _rest() -> Starlette:
    """Return what stands behind the gateway: an application with troubles of its own."""

    async def form(request: Request) -> Response:
        return JSONResponse({"read": len(await request.body())})

    async def refuses(_: Request) -> Response:
        return JSONResponse({"error": "as it was said"}, 418)

    async def text(_: Request) -> Response:
        return PlainTextResponse("not JSON", 503)

    async def breaks(_: Request) -> Response:
        raise RuntimeError("broken")

    async def sleeps(_: Request) -> Response:
        await asyncio.sleep(3600)
        return Response()

    posts = {"/form": form, "/refuses": refuses, "/text": text, "/breaks": breaks, "/predict": form}
    routes = [Route(path, endpoint, methods=["POST"]) for path, endpoint in posts.items()]
    return Starlette(routes=[*routes, Route("/sleeps", sleeps)])
