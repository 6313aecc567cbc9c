"""Registration and promotion in a race, and killed at every step: in a real MLflow store, on a real `mlflow server`."""

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from components.config.settings import artifacts
from components.registry.version import get_version
from components.system.files import read_json, write_json
from tests.conftest import Project, copy_of, end
from tests.forks import IMPATIENT, READ, Forks, item, read, side_by_side, succeed
from tests.registering import promoted
from tests.servers import free_port

COUNT = """
from components.tracking.store import open_store
store = open_store("digits")
versions = [str(one.version) for one in store.client.search_model_versions("name = 'digits'")]
models, runs = store.client.search_logged_models([store.experiment]), store.client.search_runs([store.experiment])
answer({"versions": versions, "models": len(models), "runs": len(runs)})
"""
TWO_MORE = """
registered("digits")
one, other = (variant("digits", f"variant {place}", 0.99 + place / 1000) for place in range(2))
promoted(one)
answer([one.number, other.number])
"""
PROMOTE = "promoted(get_version('digits', '{}'))\n"
KILLED = {
    "the first promotion": ("", PROMOTE.format(3), {"champion": "3"}, 7),
    "a promotion": ("1", PROMOTE.format(2), {"champion": "2", "previous": "1"}, 4),
    "a rollback": ("123", "roll_back('digits', 'Ann')\n", {"champion": "2", "previous": "1"}, 4),
}


@pytest.mark.parametrize("what", KILLED)
def test_killed_at_every_step_it_has_happened_or_has_not(
    what: str, three: Project, forked: Forks, tmp_path: Path
) -> None:
    before, code, after, steps = KILLED[what]
    for number in before:
        promoted(get_version("digits", number))
    copies = [copy_of(three, tmp_path / f"{step}") for step in range(steps + 1)]
    done = forked.run(*(item(copy, IMPATIENT + code, kill=step) for step, copy in enumerate(copies)))
    assert [status for status, _ in done] == [-9] * steps + [0], done
    entries = [found for _, found in read(forked, *copies)]
    happened = [found == entries[-1] for found in entries]
    assert happened == sorted(happened)  # from one step on, and not before
    assert (happened[0], len(entries[0])) == (False, len(before))
    succeed(forked, *(item(copy, IMPATIENT + code) for copy in copies))
    assert read(forked, *copies) == [(after, entries[-1])] * (steps + 1)


@pytest.fixture(params=["sqlite", "server"])
def shared(request: pytest.FixtureRequest, trained_once: Project, tmp_path: Path) -> Iterator[str]:
    """The address of an MLflow store that has never heard of the digits: making one takes longer than copying one."""
    database = shutil.copy(trained_once.path / "state" / "mlflow" / "mlflow.db", tmp_path)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE experiments SET name = 'letters' WHERE name = 'digits'")
    if request.param == "sqlite":
        yield f"sqlite:///{database}"
        return
    with mlflow_server(tmp_path) as url:
        yield url


def test_eight_at_once_leave_one_version_one_champion_and_one_history(
    shared: str, trained_once: Project, forked: Forks, tmp_path: Path
) -> None:
    """Each has a working copy of its own, so that no lock file helps, and a run that the store has never seen."""
    copies = [copy_of(trained_once, tmp_path / f"{place}") for place in range(8)]
    for copy in copies:
        shutil.rmtree(copy.path / "state" / "mlflow")
        record = copy.path / artifacts("digits", "weights") / "run.json"
        write_json(record, read_json(record) | {"run_id": "0" * 32})
    register = "found, new = register('digits')\nanswer([found.number, new])"
    registered = side_by_side(forked, copies, [register] * 8, shared)
    assert sorted(registered) == [["1", False]] * 7 + [["1", True]]
    later = f"import components.registry.get_or_create as module\nmodule._LONG = 0.0\nregister('digits')\n{COUNT}"
    (there,) = succeed(forked, item(copies[0], later, shared))
    assert there == {"versions": ["1"], "models": 1, "runs": 1}

    (others,) = succeed(forked, item(copies[0], TWO_MORE, shared))
    acts = [f"override({number!r})" for number in ["1", *others, "1", *others]] + ["back()"] * 2
    moved = side_by_side(forked, copies, acts, shared)
    ((aliases, entries),) = succeed(forked, item(copies[0], READ, shared))
    assert [left for _, left, _ in entries] == [None, *(to for _, _, to in entries[:-1])]  # each from where it was
    assert [what for what, _, _ in entries[:2]] == ["promoted"] * 2
    assert sorted(what for what, _, _ in entries[2:]) == sorted(what for what in moved if what)  # all of them
    assert aliases["champion"] == entries[-1][2]
    assert aliases.get("previous") != aliases["champion"]


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Run `mlflow server` on a free port, with its database and artifacts in the folder."""
    port = free_port()
    address = ["--host", "127.0.0.1", "--port", f"{port}", "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "mlflow", "server", *address, *store],
            cwd=folder,
            env={**Project(folder).environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 300  # on a machine with much other work
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).is_success:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)
