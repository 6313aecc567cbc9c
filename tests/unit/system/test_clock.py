import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from components.config.errors import ConfigError
from components.prediction_log.event_id import EventIds, milliseconds
from components.system import clock


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("JOURNEYMAN_CLOCK", str(tmp_path / "clock"))
    clock._file.cache_clear()
    yield tmp_path / "clock"
    clock._file.cache_clear()


def test_it_is_the_machines_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    clock._file.cache_clear()
    before = time.time_ns() // 1_000
    assert before <= clock.now_us() <= time.time_ns() // 1_000


def test_it_is_ahead_by_what_the_file_says_now(file: Path) -> None:
    file.write_text("0")
    before = clock.now()
    file.write_text("86400.5")
    assert clock.now() - before >= timedelta(days=1, seconds=0.5)
    assert abs(milliseconds(EventIds().new()) - clock.now_us() / 1_000) < 60_000


@pytest.mark.parametrize("said", ["tomorrow", None])
def test_a_file_that_says_no_number_is_one_line(file: Path, said: str | None) -> None:
    if said is not None:
        file.write_text(said)
    with pytest.raises(ConfigError, match=r"JOURNEYMAN_CLOCK=.*seconds that the clock is ahead"):
        clock.now_us()
