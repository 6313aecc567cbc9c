"""The load, on a real server: everything is asked and answered once, and a refusal is counted."""

import random
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from components.config.errors import EndpointError
from components.plan.asking import ask, ask_alone, http_request

TAKES = 0.002


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 200
    bodies: list[bytes] = []  # noqa: RUF012 - a test's

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(TAKES)
        self.send_response(self.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    Answers.status, Answers.bodies = 200, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_connections_ask_one_thing_at_a_time(port: int) -> None:
    requests = [http_request(port, {"number": number}) for number in range(3)]
    asked = ask(port, requests, 1.0, 2)
    assert len(asked.latencies) == len(Answers.bodies)
    assert asked.latencies.min() >= TAKES
    assert asked.rate <= 2 / TAKES
    assert set(Answers.bodies) == {b'{"number":0}', b'{"number":1}', b'{"number":2}'}


def test_arrivals_come_whether_or_not_they_are_answered(port: int) -> None:
    asked = ask(port, [http_request(port, {"x": 1})], 0.2, 2, rate=200.0, seed=3)
    chance = random.Random(3)
    due = [0.0]
    while due[-1] < 0.2:
        due.append(due[-1] + chance.expovariate(200.0))
    assert len(asked.latencies) == len(asked.late) == len(Answers.bodies) == len(due) - 1
    assert asked.latencies.min() >= TAKES


def test_an_upload_is_a_form_and_a_refusal_is_counted(port: int) -> None:
    Answers.status = 429
    asked = ask(port, [http_request(port, {"picture": b"PNG"})], 0.05, 1)
    assert asked.refused == len(asked.latencies) > 0
    assert b'name="picture"' in Answers.bodies[0]
    with pytest.raises(EndpointError, match="not 200"):
        ask_alone(port, [http_request(port, {"x": 1})], 0.05, lambda: 0.0)


def test_what_was_waited_is_told_of_each(port: int) -> None:
    clock = iter(range(10_000))
    latencies, waits = ask_alone(port, [http_request(port, {"x": 1})], 0.05, lambda: float(next(clock)))
    assert len(latencies) == len(waits) > 0
    assert set(waits) == {1.0}


def test_nobody_there_is_one_line() -> None:
    with pytest.raises(EndpointError):
        ask(1, [b""], 0.1, 1)
