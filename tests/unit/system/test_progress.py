import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from components.system import progress
from components.system.progress import TERMINAL, Progress
from tests.conftest import ROOT

WORK = """
from components.system.progress import Progress
for _ in Progress(range(1_000), desc="work"):
    pass
"""


@pytest.mark.parametrize("total", [1_000, None])
def test_work_of_seconds_is_one_line_where_no_terminal_is(total: int | None, capsys: pytest.CaptureFixture) -> None:
    with Progress(total=total, desc="work", unit=" rows") as bar:
        for _ in range(1_000):
            bar.update()
    said = capsys.readouterr().err
    assert "\r" not in said
    assert said.count("\n") == 1
    assert said.startswith("work: 100%" if total else "work: 1000 rows")


def test_longer_work_is_a_line_each_tenth(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(progress, "_LINE_EVERY", 0.0)
    with Progress(total=1_000, desc="work") as bar:
        for _ in range(999):
            bar.update()
    shares = [line.split("|")[0] for line in capsys.readouterr().err.splitlines()]
    assert shares == [f"work:  {tenth}0%" for tenth in range(1, 10)] + ["work: 100%"]


def test_bytes_that_are_read_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "file").write_bytes(bytes(2_048))
    with (
        (tmp_path / "file").open("rb") as file,
        Progress.wrapattr(file, "read", total=2_048, desc="file", unit="B") as stream,
    ):
        while stream.read(100):
            pass
    assert capsys.readouterr().err.startswith("file: 100%")


def test_whoever_passes_output_on_to_a_terminal_gets_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv(TERMINAL, "1")
    for _ in Progress(range(10), desc="work"):
        pass
    assert capsys.readouterr().err.startswith("\rwork:   0%|")


def test_a_terminal_shows_a_bar() -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    subprocess.run([sys.executable, "-c", WORK], cwd=ROOT, stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert said.startswith("\rwork:   0%|")
    assert "100%" in said
