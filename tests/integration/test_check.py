"""`python -m flows.check`: what would be read, split and trained, and nothing is kept."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from components import catalogue
from components.kinds.overview import counts_by_class
from components.kinds.prepared import SPLITS, open_prepared
from tests.conftest import PAYMENTS, Project

CHECK = ("python", "-m", "flows.check")


def test_a_check_of_pictures_tells_what_prepare_makes_and_keeps_nothing(project: Project) -> None:
    before = _files(project)
    said = project.run(*CHECK, "digits")
    assert _files(project) == before
    assert "digits: what is read, split and trained on" in said
    project.run("dvc", "repro", "prepare@digits")
    data = open_prepared(Path("artifacts/digits/prepared"))
    assert _rows(said) == {
        **{name: tuple(counts.values()) for name, counts in counts_by_class(data).items()},
        "all": tuple(data.counts[split] for split in SPLITS),
    }


def test_a_check_of_a_table_shows_records_and_writes_no_schema(
    new_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new_project(PAYMENTS)
    monkeypatch.chdir(project.path)
    said = project.run(*CHECK, "payments")
    assert not Path("data/schemas/payments.yaml").exists()
    assert not Path("artifacts/payments").exists()
    assert {"0", "1", "all"} <= set(_rows(said))
    assert "transaction_id" in said


def test_what_a_run_would_end_with_is_said_in_one_line(project: Project, tmp_path: Path) -> None:
    project.params(re.search(r"source: (\S+)", Path("params.yaml").read_text())[1], str(tmp_path / "nowhere"))
    said = project.fail(*CHECK, "digits")
    assert said.splitlines()[-1].startswith("error: ")
    assert "nowhere" in said
    assert "Traceback" not in said


def test_left_out_pictures_are_told_with_their_reason(project: Project) -> None:
    folder = Path("data/inbox/digits/digit-1")
    folder.mkdir(parents=True)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    said = project.run(*CHECK, "digits")
    assert re.search(r"left out .*unreadable: 1 picture \(inbox/digit-1/broken.png: ", said)
    project.run("dvc", "repro", "prepare@digits")
    data = open_prepared(Path("artifacts/digits/prepared"))
    assert data.left_out() == {"unreadable": 1}
    assert [str(finding) for finding in catalogue.overview("image").overview(data).lost]


def _files(project: Project) -> set[Path]:
    """Return every file of the project but caches of Python and what `state/` holds."""
    there = (path.relative_to(project.path) for path in project.path.rglob("*") if path.is_file())
    return {path for path in there if "__pycache__" not in path.parts and path.parts[0] not in ("state", ".git")}


def _rows(said: str) -> dict[str, tuple[int, ...]]:
    """Return the examples by split of each row of the first table."""
    rows = re.findall(r"^│ (\S.*?)\s+│ ([\d,]+)\s+│ ([\d,]+)\s+│ ([\d,]+)\s+│", said, re.MULTILINE)
    return {name: tuple(int(count.replace(",", "")) for count in counts) for name, *counts in rows}


def test_the_settings_of_a_machine_alone_can_be_used(project: Project) -> None:
    said = project.run(*CHECK, "--settings").splitlines()
    assert said[-1] == "all settings can be used"
    assert [line.split()[0] for line in said if line.endswith("here")] == [
        "MLFLOW_TRACKING_URI",
        "JOURNEYMAN_CHAMPIONS",
        "JOURNEYMAN_LOG_DIR",
    ]
    (project.path / "journeyman.toml").write_text("[environment]\nJOURNEYMAN_CHAMPIONS = '/proc/nowhere'\n")
    told = project.fail(*CHECK, "--settings").splitlines()
    assert told[-1] == "error: 1 of these settings cannot be used; mend them before anything is trained"
    (line,) = [line for line in told if "/proc/nowhere" in line]
    assert " not: cannot be written: " in line
