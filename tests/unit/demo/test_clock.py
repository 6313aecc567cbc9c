from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.clock import Clock


def test_it_only_goes_forward(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    assert (tmp_path / "clock").read_text() == "0"
    assert clock.first - datetime.now(UTC) <= timedelta(days=1)
    clock.set(3.5)
    ahead = float((tmp_path / "clock").read_text())
    assert abs(datetime.now(UTC) + timedelta(seconds=ahead) - clock.first - timedelta(days=3.5)) < timedelta(minutes=5)
    clock.set(2)
    assert float((tmp_path / "clock").read_text()) == ahead
