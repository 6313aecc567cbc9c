"""The names of uvicorn that `components/internals/uvicorn.py` uses; a real one that is asked for other protocols."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from components.internals.uvicorn import ignore_upgrades, missing

BODY = b"0123456789" * 7
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
WEBSOCKET = b"Connection: upgrade\r\nUPGRADE: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
LINE = b"POST /predict?x=1 HTTP/1.1\r\nHost: here\r\n"
LENGTH = b"Content-Length: 70\r\n\r\n"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKED = b"a\r\n%s\r\n3c\r\n%s\r\n0\r\n\r\n" % (BODY[:10], BODY[10:])


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("data_received", "_should_upgrade", "handle_websocket_upgrade"):
        monkeypatch.setattr(HttpToolsProtocol, name, getattr(HttpToolsProtocol, name))


def test_the_names_are_in_the_pinned_version() -> None:
    lost = missing()
    assert not lost, f"uvicorn {uvicorn.__version__} has no {lost[0]} any more: mend components/internals/uvicorn.py"


@pytest.mark.parametrize("asked", [H2C, WEBSOCKET, b""])
@pytest.mark.parametrize(
    "parts",
    [
        [LINE, LENGTH + BODY],
        [LINE, LENGTH, BODY],
        [LINE, LENGTH + BODY[:10], BODY[10:40], BODY[40:]],
        [LINE, CHUNKS + CHUNKED],
        [LINE, CHUNKS, CHUNKED],
        [LINE, CHUNKS + CHUNKED[:20], CHUNKED[20:]],
        [LINE, b"Expect: 100-continue\r\n" + LENGTH, BODY],
        [LINE.replace(b"1.1", b"1.0"), LENGTH, BODY],
    ],
)
def test_a_request_that_asks_for_another_protocol_is_answered_with_its_body(asked: bytes, parts: list[bytes]) -> None:
    line, *rest = parts
    said = asyncio.run(exchange(line + asked + rest[0], *rest[1:]))
    status, _, content = said.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    assert content.endswith(b"POST /predict x=1 " + BODY)


def test_in_whatever_pieces_it_comes() -> None:
    whole = LINE + H2C + LENGTH + BODY
    cuts = range(1, len(whole), 7)

    async def all_of_them() -> list[bytes]:
        async with serving() as port:
            return await asyncio.gather(*(said_on(port, whole[:cut], whole[cut:]) for cut in cuts))

    assert all(said.endswith(BODY) for said in asyncio.run(all_of_them()))


def test_requests_that_follow_each_other_at_once_are_all_answered() -> None:
    whole = LINE + H2C + LENGTH + BODY
    assert asyncio.run(exchange(whole * 3, answers=3)).count(BODY) == 3
    assert asyncio.run(exchange(whole + b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", answers=2)).endswith(b"GET /  ")


def test_what_is_http_2_from_the_first_byte_is_refused() -> None:
    said = asyncio.run(exchange(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"))
    assert said.startswith(b"HTTP/1.1 400 ")


def test_another_uvicorn_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(HttpToolsProtocol, "handle_websocket_upgrade")
    with pytest.raises(RuntimeError, match=r"has no HttpToolsProtocol\.handle_websocket_upgrade any more: mend"):
        ignore_upgrades()


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the request's line and its body."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    said = f"{scope['method']} {scope['path']} {scope['query_string'].decode()} ".encode() + body
    length = (b"content-length", str(len(said)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    ignore_upgrades()
    server = uvicorn.Server(uvicorn.Config(echo, port=0, http="httptools", lifespan="off", log_level="error"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def exchange(*parts: bytes, answers: int = 1) -> bytes:
    """Send the parts, as `said_on` does, to a server of their own."""
    async with serving() as port:
        return await said_on(port, *parts, answers=answers)


async def said_on(port: int, *parts: bytes, answers: int = 1) -> bytes:
    """Send the parts one after the other; return all that is said until there are so many answers, or an end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.01)
    said = b""
    while said.count(BODY) + said.count(b"GET /  ") < answers and (more := await reader.read(65536)):
        said += more
    writer.close()
    return said
