"""Shadow, canary and the ways back, killed before every write to a PostgreSQL: the next run comes to the same."""

from pathlib import Path

import pytest

from tests.conftest import Project, copy_of
from tests.forks import IMPATIENT, READ, Forks, item, succeed
from tests.integration.test_rollback import BACK, RELEASE, released, released_once, served  # noqa: F401 - fixtures
from tests.integration.test_trial_kills import FLOW, SHADOW, STATE, TRAIN, begin, without_code
from tests.machines.conftest import Postgres


@pytest.mark.timeout(1_200)  # MLflow makes its tables
@pytest.mark.parametrize(
    ("trial", "wrong", "code", "least", "changed"),
    [
        ("canary", None, TRAIN, 4, "canary"),
        ("shadow", 0.5, SHADOW, 6, "shadow"),
        ("reverse", 0.5, SHADOW, 4, "rolled back"),
    ],
    ids=["a canary begins", "a shadow passes", "is taken back"],
)
def test_killed_before_any_write_the_next_run_comes_to_the_same(
    trial: str,
    wrong: float | None,
    code: str,
    least: int,
    changed: str,
    three: Project,
    forked: Forks,
    postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(trial, wrong, three, monkeypatch)
    filled = postgres.filled_from(three.path / "state" / "mlflow" / "mlflow.db")
    copies = [(without_code(three, tmp_path / f"{step}"), postgres.copy_of(filled)) for step in range(least + 1)]
    kills = [*range(least), None]
    runs = [item(copy, FLOW + code, uri, kill, tags=True) for (copy, uri), kill in zip(copies, kills, strict=True)]
    done = forked.run(*runs)
    assert [status for status, _ in done] == [-9] * least + [0], [output[-500:] for _, output in done]
    states = succeed(forked, *(item(copy, FLOW + code + STATE, uri) for copy, uri in copies))
    assert states == [states[-1]] * len(copies)
    assert changed in str(states[-1])


@pytest.mark.timeout(1_200)
def test_a_rollback_killed_before_any_write_is_finished_by_the_same_command(
    released: Project,  # noqa: F811
    forked: Forks,
    postgres: Postgres,
    tmp_path: Path,
) -> None:
    fewest = 8  # four in MLflow, two of the Bento store, the pointer, and the mark that it was published
    filled = postgres.filled_from(released.path / "state" / "mlflow" / "mlflow.db")
    copies = [(copy_of(released, tmp_path / f"{step}"), postgres.copy_of(filled)) for step in range(fewest)]
    code = IMPATIENT + RELEASE + BACK
    killed = forked.run(*(item(copy, code, uri, step) for step, (copy, uri) in enumerate(copies)))
    assert [status for status, _ in killed] == [-9] * fewest, killed
    succeed(forked, *(item(copy, code, uri) for copy, uri in copies))
    entries = [["promoted", None, "1"], ["promoted", "1", "2"], ["rolled back", "2", "1"]]
    assert succeed(forked, *(item(copy, READ, uri) for copy, uri in copies)) == [[{"champion": "1"}, entries]] * fewest
    assert [served(copy) for copy, _ in copies] == [("1", "v1")] * fewest
