"""A heartbeat goes on beside the work, whatever its server does, and says so once."""

import logging
import threading
import time

import pytest

from components.system import heartbeat
from components.system.heartbeat import beating, is_silent
from tests.servers import wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "EVERY", 0.01)


def test_a_server_that_is_away_is_told_once_without_a_password(caplog: pytest.LogCaptureFixture) -> None:
    beats = []

    def away() -> None:
        beats.append(time.monotonic())
        raise OSError("API request to http://me:secret@host/api failed")

    with beating(away, "the server"):
        wait_for(lambda: len(beats) > 3, 60)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["the server does not hear this run's heartbeat: API request to http://me:***@host/api failed"]
    last = len(beats)
    time.sleep(0.1)
    assert len(beats) == last


def test_it_ends_where_a_beat_says_so() -> None:
    before = set(threading.enumerate())
    with beating(lambda: False, "the server"):
        wait_for(lambda: not {each for each in set(threading.enumerate()) - before if each.name == "heartbeat"}, 60)


def test_a_process_is_taken_to_be_gone_after_ten_minutes() -> None:
    assert not is_silent(time.time() - 590)
    assert is_silent(time.time() - 610)
