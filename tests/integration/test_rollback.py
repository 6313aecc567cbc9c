"""The way back, whole: registry, Bento and the pointer that endpoints follow; as a command, killed at every step."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Project, copy_of, forget_runs
from tests.forks import IMPATIENT, Forks, item, read, succeed

RELEASE = """
from flows.release import package_champion, publish_champion
def release(outcome):
    bundle, _ = package_champion.fn(outcome.champion)
    publish_champion.fn(bundle, outcome.champion)
"""
TWO = """
for value in (0.91, 0.92):
    release(promoted(variant("digits", f"variant {value}", value)))
"""
BACK = "release(roll_back('digits', 'Ann'))\n"


@pytest.fixture(scope="module")
def released_once(
    trained_once: Project, mlflow_database: Path, forked: Forks, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A checkout in which version 2 has replaced version 1, and endpoints were told so."""
    made = copy_of(trained_once, tmp_path_factory.mktemp("released"))
    forget_runs(made, mlflow_database)
    succeed(forked, item(made, RELEASE + TWO))
    return made


@pytest.fixture
def released(released_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = copy_of(released_once, tmp_path)
    monkeypatch.chdir(made.path)
    return made


def test_the_commands_go_back_and_forth_and_the_history_tells_it(
    released: Project, forked: Forks, prefect_url: str
) -> None:
    here = {"PREFECT_API_URL": prefect_url}
    assert served(released) == ("2", "v2")
    data = (released.path / "artifacts").rename(released.path / "elsewhere")  # who rolls back may have none at hand
    said = plain(released.run("python", "-m", "flows.rollback", "digits", "--reason", "sevens look like ones", **here))
    assert served(released) == ("1", "v1")
    assert re.search(r"rolled back from version 2 to version 1 by \w+", said)
    assert "sevens look like ones" in said
    assert "nothing: there was none before" in said
    assert "Bento digits:v1-" in said
    assert "version 1 in state/champions/digits" in said

    data.rename(released.path / "artifacts")
    said = released.run("python", "-m", "flows.promote", "digits", "2", "--reason", "it was the camera", **here)
    assert served(released) == ("2", "v2")
    assert "a rollback leads to" in said

    said = released.run("python", "-m", "flows.history", "digits")
    assert "at work: version 2; a rollback leads to version 1" in said
    for word in ("promoted", "rolled back", "overridden", "sevens", "camera"):
        assert word in said
    assert read(forked, released)[0][0] == {"champion": "2", "previous": "1"}


def test_what_cannot_be_done_is_one_line(released: Project, prefect_url: str) -> None:
    for command, line in {
        "rollback digits --to 7": "error: digits has no version 7; it has 1, 2",
        "promote digits 1 --reason ''": "error: --reason: say why the gate is overridden; it is kept in the history",
    }.items():
        said = released.fail("python", "-m", *shlex.split(f"flows.{command}"), PREFECT_API_URL=prefect_url)
        assert said.splitlines()[-1] == line
        assert "Traceback" not in said


def test_killed_at_every_step_the_same_command_finishes_it_and_goes_no_further(
    released: Project, forked: Forks, tmp_path: Path
) -> None:
    fewest = 8  # four in MLflow, two of the Bento store, the pointer, and the mark that it was published
    copies = [copy_of(released, tmp_path / f"{step}") for step in range(fewest + 8)]
    code = IMPATIENT + RELEASE + BACK
    done = forked.run(*(item(copy, code, kill=step) for step, copy in enumerate(copies)))
    statuses = [status for status, _ in done]
    steps = statuses.index(0)
    assert steps >= fewest
    assert statuses == [-9] * steps + [0] * (len(copies) - steps), done
    succeed(forked, *(item(copy, code) for copy in copies[:steps]))
    entries = [["promoted", None, "1"], ["promoted", "1", "2"], ["rolled back", "2", "1"]]
    assert read(forked, *copies) == [({"champion": "1"}, entries)] * len(copies)
    assert [served(copy) for copy in copies] == [("1", "v1")] * len(copies)


def plain(table: str) -> str:
    """Return the table's words without its lines."""
    return " ".join(re.sub("[│┃]", " ", table).split())


def served(project: Project) -> tuple[str, str]:
    """Return the version that the published pointer names, and that of the Bento which is the latest."""
    state = project.path / "state"
    pointer = json.loads((state / "champions" / "digits" / "champion.json").read_text())
    return pointer["version"], (state / "bentoml" / "bentos" / "digits" / "latest").read_text().partition("-")[0]
