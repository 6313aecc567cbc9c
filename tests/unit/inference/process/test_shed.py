"""A real uvicorn with an application that is at work as long as it is told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from components.inference.gateway.app import BUSY
from components.inference.process.shed import shed

ROOM = 2
QUESTION = b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


class Working:
    """Answers what it was sent when it is told to go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.refused = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await self.go_on.wait()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    def refuse(self) -> None:
        self.refused += 1


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpToolsProtocol, "data_received", HttpToolsProtocol.data_received)


def test_who_comes_while_all_are_at_work_is_refused_at_once_and_may_come_again() -> None:
    async def story() -> None:
        async with serving() as (app, connect):
            admitted = await fill(connect)
            refused = await connect()
            for _ in range(3):
                status, headers, body = await told(refused, QUESTION)
                assert (status, body) == (429, BUSY.body)
                assert headers["retry-after"] == "1"
                assert headers["content-type"] == "application/json"
                assert len(headers["x-request-id"]) > 8
            assert app.refused == 3
            app.go_on.set()
            assert [(await answer(one))[::2] for one in admitted] == [(200, b"abc")] * ROOM
            assert (await told(refused, QUESTION))[::2] == (200, b"abc")

    asyncio.run(story())


@pytest.mark.parametrize(
    "question",
    [
        QUESTION.replace(b"POST", b"GET "),
        QUESTION.replace(b"/predict", b"/metrics"),
        QUESTION.replace(b"Host: here", b"X-Request-ID: mine"),
        QUESTION.replace(b"Host: here", b"Connection: close"),
        QUESTION.replace(b"Host: here", b"Expect: 100-continue"),
        QUESTION.replace(b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        QUESTION + QUESTION,
        QUESTION[:-1],
        QUESTION[:20],
    ],
)
def test_what_is_not_plainly_one_question_goes_the_usual_way(question: bytes) -> None:
    async def story() -> None:
        async with serving() as (app, connect):
            await fill(connect)
            other = await connect()
            await ask(other, question)
            if QUESTION.startswith(question):
                await ask(other, QUESTION.removeprefix(question))
            assert app.refused == 0
            app.go_on.set()
            assert (await answer(other))[0] in (100, 200)

    asyncio.run(story())


@asynccontextmanager
async def serving() -> AsyncIterator[Any]:
    app = Working()
    shed(ROOM, app.refuse)
    server = uvicorn.Server(uvicorn.Config(app, port=0, http="httptools", lifespan="off", log_level="warning"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    made: list[Streams] = []

    async def connect() -> Streams:
        made.append(await asyncio.open_connection("127.0.0.1", port))
        return made[-1]

    try:
        yield app, connect
    finally:
        app.go_on.set()
        for _, writer in made:
            writer.close()
        server.should_exit = True
        await running


async def fill(connect: Connect) -> list[Streams]:
    admitted = [await connect() for _ in range(ROOM)]
    for one in admitted:
        await ask(one, QUESTION)
    return admitted


async def ask(connection: Streams, question: bytes) -> None:
    connection[1].write(question)
    await connection[1].drain()
    await asyncio.sleep(0.05)


async def told(connection: Streams, question: bytes) -> tuple[int, dict[str, str], bytes]:
    await ask(connection, question)
    return await answer(connection)


async def answer(connection: Streams) -> tuple[int, dict[str, str], bytes]:
    reader = connection[0]
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, await reader.readexactly(int(headers.get("content-length", 0)))
