"""The pointer in an object store: a publisher that sleeps, two at once, a store that is away for a while."""

import logging
import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import httpx
import pytest

from components.config.errors import ConfigError, PublishedError
from components.inference.bundle import About, read_about
from components.inference.champion.cache import Champions
from components.inference.champion.follow import Follower
from components.inference.champion.position import Position
from components.inference.champion.published import Pointer, publish, read_pointer
from components.system.address import Address
from tests.machines.conftest import Store
from tests.unit.inference.champion.test_position import HISTORY, after_each_stop
from tests.unit.inference.champion.test_published import a_bundle


@pytest.fixture
def address(bucket: str) -> str:
    return f"s3://{bucket}/champions"


def pointer_at(address: str) -> Pointer:
    found = read_pointer(Address(address), "w")
    assert found
    return found


@pytest.mark.parametrize(("number", "goes_back"), [(2, False), (0, True)])
def test_a_publisher_that_is_stopped_across_a_later_promotion_puts_nothing_back(
    number: int, goes_back: bool, address: str, tmp_path: Path
) -> None:
    """Without the entry's number, which is the control, it puts the pointer back."""
    found = after_each_stop(tmp_path, number, f"{address}/")
    assert len(found) > 4
    assert ("2" in found) is goes_back


def race(address: str, bundle: Path, numbers: list[int]) -> None:
    for number in numbers:
        publish(bundle, "w", bundle.name, address, Position(number, HISTORY))


def test_of_many_at_once_the_last_entry_stays(address: str, tmp_path: Path) -> None:
    for version in ("0", "1", "2"):
        a_bundle(tmp_path / version, version.encode())
    context = multiprocessing.get_context("spawn")
    racers = [
        context.Process(target=race, args=(address, tmp_path / str(place), list(range(place + 1, 25, 3))))
        for place in range(3)
    ]
    for racer in racers:
        racer.start()
    seen = [0]
    while any(racer.is_alive() for racer in racers):
        if found := read_pointer(Address(address), "w"):
            assert found.position
            seen.append(found.position.number)
        time.sleep(0.01)
    assert [racer.exitcode for racer in racers] == [0, 0, 0]
    assert seen == sorted(seen)
    assert pointer_at(address).position == Position(24, HISTORY)


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on to the store, unless it is to answer that the store is busy, or nothing."""

    protocol_version = "HTTP/1.1"
    store = ""
    how = ""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.how == "silent":
            time.sleep(3.0)  # longer than who asks waits
        if self.how:
            self._answer(503, {}, b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>")
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
        answer = httpx.request(self.command, f"{self.store}{self.path}", headers=headers, content=body)
        self._answer(answer.status_code, dict(answer.headers), answer.content)

    do_GET = do_PUT = do_HEAD = do_POST = _pass

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        with suppress(OSError):  # who asked has gone
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("content-length", headers.get("content-length", str(len(body))))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("how", ["busy", "silent"])
def test_a_store_that_is_away_for_a_while_stops_nothing(
    how: str, s3: Store, address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint stays at work, a publisher is told in one line, and both go on when the store answers again."""
    impatient = {"connect_timeout": 1, "read_timeout": 1, "retries": {"max_attempts": 0}}
    monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": impatient})
    monkeypatch.setattr(Proxy, "store", s3.url)
    for version in ("1", "2"):
        a_bundle(tmp_path / version, version.encode())
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        monkeypatch.setitem(fsspec.config.conf["s3"], "endpoint_url", f"http://127.0.0.1:{proxy.server_port}")
        publish(tmp_path / "1", "w", "1", address, Position(1, HISTORY))
        opened: list[str] = []
        follower = Follower(Champions(address, "w", tmp_path / "cache"), opening(opened), 0.1)
        assert follower.first()
        monkeypatch.setattr(Proxy, "how", how)
        with pytest.raises(PublishedError, match=r"^s3://.*"):
            publish(tmp_path / "2", "w", "2", address, Position(2, HISTORY))
        with caplog.at_level(logging.ERROR):
            follower.look(opened.append)
        assert opened == ["1"]
        assert "what is at work stays at work" in caplog.text
        monkeypatch.setattr(Proxy, "how", "")
        publish(tmp_path / "2", "w", "2", address, Position(2, HISTORY))
        follower.look(lambda model: None)
        assert opened == ["1", "2"]
        proxy.shutdown()


def opening(opened: list[str]) -> Callable[[Path, str], About]:
    def open_(bundle: Path, version: str) -> About:
        opened.append(version)
        return read_about(bundle)

    return open_


@pytest.mark.parametrize("said", ["s3://", "s3:///prefix", "s3://bucket//prefix"])
def test_an_address_without_a_bucket_or_with_an_empty_folder_is_told(said: str, s3: Store) -> None:
    with pytest.raises(
        ConfigError, match=f"^{said}: say a bucket, and a prefix behind one slash, as s3://bucket/prefi"
    ):
        Address(said)
