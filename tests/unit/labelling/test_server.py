"""The page of this machine, by a real server."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from components.config.errors import BadRequest, EndpointError
from components.labelling.questions import Questions, Value
from components.labelling.server import label_server
from components.prediction_log.record import Label
from tests.unit.labelling.test_questions import question

HOLDER = "alice-0001"


class Told(list[Label]):
    """The log."""

    full = False

    def take(self, labels: Sequence[Label]) -> None:
        if self.full:
            raise EndpointError("the disk is full")
        self.extend(labels)


def read(value: Value) -> Value:
    if value not in ("a", "b"):
        raise BadRequest(f"label: {value} is none")
    return value


@contextmanager
def serving(questions: Questions, log: Told) -> Iterator[httpx.Client]:
    server = label_server(questions, "alice", log.take, read, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_address[1]}", trust_env=False) as client:
            yield client
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def questions(tmp_path: Path) -> Questions:
    made = Questions.begin(tmp_path / "w")
    made.ask([("p", 0.5, 0.25), ("q", 0.5, 0.25)], [question("p"), question("q")], ["a", "b"], "3")
    return made


def test_an_answer_is_in_the_log(questions: Questions) -> None:
    with serving(questions, log := Told()) as client:
        first = client.post("/label/next", json={"holder": HOLDER}).json()
        assert (first["question"]["id"], first["classes"], first["who"]) == ("p", ["a", "b"], "alice")
        said = {"holder": HOLDER, "id": "p", "what": "label", "value": "b", "seen": True}
        assert client.post("/label/answer", json=said).json()["question"]["id"] == "q"
        assert [(each.event_id, each.value, each.source) for each in log] == [("p", "b", "alice")]
        wrong = client.post("/label/answer", json={**said, "id": "q", "value": "c"})
        assert (wrong.status_code, wrong.json()) == (422, {"error": "label: c is none"})
        log.full = True
        late = client.post("/label/answer", json={**said, "id": "q"})
        assert late.status_code == 503
        assert questions.counts() == {"open": 1, "label": 1, "unusable": 0}  # what is not in the log is not answered


def test_the_page_is_for_this_machine_alone(questions: Questions) -> None:
    with serving(questions, Told()) as client:
        page = client.get("/label")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert client.get("/").text == page.text
        assert client.get("/label/questions.db").status_code == 404
        assert client.get("/label", headers={"host": "evil.example:3100"}).status_code == 403
        plain = {"content-type": "text/plain"}  # which a page of another address may send without asking
        assert client.post("/label/next", content=b'{"holder": "x2345678"}', headers=plain).status_code == 404
        assert client.post("/label/else", json={}).status_code == 404
        asked, here = {"holder": HOLDER}, f"http://{client.base_url.netloc.decode()}"
        for origin, status in ((here, 200), ("http://localhost:1", 403), ("null", 403)):
            assert client.post("/label/next", json=asked, headers={"origin": origin}).status_code == status
        assert client.post("/label/next", json={"holder": "x" * 2**17}).status_code == 413


def test_a_port_that_is_taken_is_said(questions: Questions) -> None:
    with serving(questions, Told()) as client, pytest.raises(EndpointError, match="--port"):
        label_server(questions, "alice", Told().take, read, client.base_url.port or 0)
