import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.watch.alert import alert, text
from components.watch.report import Report, Verdict, VersionReport

NOW = datetime(2026, 11, 5, tzinfo=UTC)


def report(said: str) -> Report:
    verdict = Verdict(verdict=said, rule="accuracy is worse", since=NOW.date(), sure="95 %", do="roll back")  # type: ignore[arg-type]
    return Report(
        workload="w",
        as_of=NOW,
        versions=(VersionReport(version="3", since=NOW, until=NOW, traffic=(), verdict=verdict),),
    )


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server that takes JSON; its address, and the texts that it got."""
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if status == 200:
                got.append(json.loads(body)["text"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", got
        server.shutdown()


@contextmanager
def mail_server() -> Iterator[tuple[str, list[str]]]:
    """A server that takes mail without asking who sends it; its address, and the mails."""
    got: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    lines = list(iter(self.rfile.readline, b".\r\n"))
                    got.append(b"".join(lines).decode())
                self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", got
        server.shutdown()


def test_each_change_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (address, got):
        monkeypatch.setenv("JOURNEYMAN_ALERT_WEBHOOK", address)
        for said in ("well", "look", "look", "harm", "harm", "well"):
            alert(report(said), tmp_path)
    assert [told.split(",")[0] for told in got] == ["w version 3: look", "w version 3: harm", "w version 3: well"]
    assert got[1] == text(report("harm"))
    assert "What to do: roll back" in got[1]


def test_what_was_not_taken_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with webhook(500) as (address, _):
        monkeypatch.setenv("JOURNEYMAN_ALERT_WEBHOOK", address)
        assert alert(report("harm"), tmp_path) == []
    assert alert(report("harm"), tmp_path) == []
    assert [line for line in caplog.messages if "tried again next time" in line] == caplog.messages[:2]
    with webhook() as (address, got):
        monkeypatch.setenv("JOURNEYMAN_ALERT_WEBHOOK", address)
        assert alert(report("harm"), tmp_path) == ["webhook"]
        assert len(got) == 1


def test_mail_is_sent_to_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as (address, got):
        monkeypatch.setenv("JOURNEYMAN_ALERT_MAIL", "ann@example.org, bob@example.org")
        monkeypatch.setenv("JOURNEYMAN_ALERT_SMTP", address)
        assert alert(report("harm"), tmp_path) == ["mail"]
        assert alert(report("harm"), tmp_path) == []
    (mail,) = got
    assert "To: ann@example.org, bob@example.org" in mail
    assert "Subject: w version 3: harm, since 2026-11-05" in mail


@pytest.mark.parametrize("address", ["file:///etc/passwd", "nonsense"])
def test_another_sort_of_address_is_not_opened(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("JOURNEYMAN_ALERT_WEBHOOK", address)
    assert alert(report("harm"), tmp_path) == []
    assert "not an address of http" in caplog.text


def test_nobody_listens(tmp_path: Path) -> None:
    assert alert(report("harm"), tmp_path) == []
    assert list(tmp_path.iterdir()) == []
