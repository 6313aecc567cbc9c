"""Lines are added in one piece, whatever is killed; the last of each process counts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.ledger.line import WITHIN, Line, Link, add, folder, read, within

MANY = """
import sys
from pathlib import Path
from components.ledger.line import Line, add
for number in range(50):
    add(Path(sys.argv[1]), "2026-11", Line(f"{sys.argv[2]}-{number}", "w", "train", "2026-11-01", "done", 1.0, number))
"""


def line(id: str, cpu: float = 1.0, ended: str = "done") -> Line:
    return Line(id, "digits", "train", "2026-11-01T00:00:00+00:00", ended, 2.0, cpu, peak_bytes=5, read_bytes=0)


def test_what_is_read_is_what_was_added(tmp_path: Path) -> None:
    add(tmp_path, "2026-11", line("a"))
    add(tmp_path, "2026-12", line("b", cpu=0.0))
    add(tmp_path, "2026-12", Link("3", ("a", "b"), "2026-12-01"))
    assert read(tmp_path) == ([line("a"), line("b", cpu=0.0)], [Link("3", ("a", "b"), "2026-12-01")])


def test_the_last_line_of_a_process_counts(tmp_path: Path) -> None:
    for record in (line("a", 1.0, "running"), line("b"), line("a", 7.0)):
        add(tmp_path, "2026-11", record)
    assert read(tmp_path)[0] == [line("a", 7.0), line("b")]


@pytest.mark.parametrize("left", [1, 20, -2])
def test_a_torn_line_costs_no_other(left: int, tmp_path: Path) -> None:
    for name in ("a", "b"):
        add(tmp_path, "2026-11", line(name))
    path = tmp_path / "2026-11.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:left])
    add(tmp_path, "2026-11", line("c"))
    assert [found.id for found in read(tmp_path)[0]] == ["a", "c"]


def test_a_line_of_another_version_of_the_ledger_is_read(tmp_path: Path) -> None:
    add(tmp_path, "2026-11", line("a"))
    path = tmp_path / "2026-11.jsonl"
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "water": 3}) + "\n[]\n")
    assert read(tmp_path)[0] == [line("a")]


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", MANY, str(tmp_path), name]) for name in "abc"]
    assert [process.wait() for process in started] == [0, 0, 0]
    assert len(read(tmp_path)[0]) == 150


def test_what_is_started_adds_to_the_same_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WITHIN, "abc /some where")
    assert (within(), folder("digits")) == ("abc", Path("/some where/digits"))
    monkeypatch.delenv(WITHIN)
    assert (within(), folder("digits")) == ("", Path("state/ledger/digits"))
    assert folder("../digits") is None
