"""The flow `retrain`, killed before every write, in SQLite and in PostgreSQL: the next run comes to the same."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Project, copy_of
from tests.forks import IMPATIENT, Forks, item, succeed
from tests.integration.test_rollback import RELEASE
from tests.integration.test_shadow import answer, version
from tests.machines.conftest import Postgres
from tests.registering import promoted

RETRAIN = (
    IMPATIENT
    + RELEASE
    + """
import os
from components import catalogue
from components.data.ingest import ingest
from components.registry.promotion.trial import hold
from flows import retrain as flow
from flows.canary import tell_of_canary

os.environ["JOURNEYMAN_CHAMPIONS"] = os.path.abspath("state/champions")

def train(workload):
    '''The first of the stages, the bundle that they all end in, and what `flows.train` does with it.'''
    ingest(workload)
    challenger = variant(workload, "learnt from work", 0.95)
    said, gate = verdict(challenger, reconciled_champion(workload)), catalogue.workload(workload).gate
    held = hold(challenger, said, gate, Ledger(workload).read())
    release(promote(challenger, said, "a test", hold=held))
    tell_of_canary.fn(workload)

flow.train, flow.decided = train, flow.decided.fn
flow.ask_all = flow.mark_dead_runs = lambda workload: None
flow.retrain.fn("digits")
"""
)
STATE = """
import json
from pathlib import Path
import pyarrow.parquet as pq
from components.config.settings import LIVE, artifacts, learnt_file, live_before
from components.retraining.trainings import trainings
from components.tracking.store import open_store

ledger, store = Ledger("digits"), open_store("digits")
numbers = sorted(str(found.version) for found in store.client.search_model_versions("name = 'digits'"))
kept = ("journeyman.trial", "journeyman.unseen_since")
tags = {number: [name for name in kept if get_version("digits", number).tags().get(name)] for number in numbers}
learnt = [len(pq.read_table(path)) for path in (
    LIVE / "digits" / "manifest.parquet", artifacts("digits", "raw") / "manifest.parquet", learnt_file("digits")
)]
pointer = json.loads(Path("state/champions/digits/champion.json").read_text())["version"]
entries = [[entry.what, entry.left, entry.to] for entry in ledger.read().entries]
failed = sum(each.failed for each in trainings("digits"))
state = [aliases.aliases(ledger), entries, tags, learnt, live_before("digits").exists(), failed, pointer]
answer([state, len(trainings("digits"))])
"""
WRITES = (
    "create_logged_model",
    "create_model_version",
    "create_registered_model",
    "finalize_logged_model",
    "log_batch",
    "log_model_artifacts",
    "set_model_version_tag",
    "set_tag",
    "update_model_version",
)
"""Of a registration, beside those that are counted anyway."""
_AT_ONCE = 6
_FEWEST = 30


@pytest.mark.timeout(1_800)  # each of forty copies has MLflow's database, and a Bento is built in it
@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_killed_before_any_write_the_next_run_comes_to_the_same(
    store: str, three: Project, forked: Forks, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    three.params("    gate:\n", "    retrain: {labels: 100, cooldown: 0.0}\n    gate:\n")
    promoted(version("1"))
    answer("1", wrong=0.5)
    servers: Postgres | None = request.getfixturevalue("postgres") if store == "PostgreSQL" else None
    filled = servers.filled_from(three.path / "state" / "mlflow" / "mlflow.db") if servers else ""
    first, survived, states = 0, False, []
    while not survived:
        steps = range(first, first + _AT_ONCE)
        copies = [(copy_of(three, tmp_path / f"{step}"), servers.copy_of(filled) if servers else "") for step in steps]
        runs = zip(steps, copies, strict=True)
        done = forked.run(*(item(copy, RETRAIN, uri, kill=step, also=WRITES) for step, (copy, uri) in runs))
        assert {status for status, _ in done} <= {-9, 0}, [output[-2000:] for _, output in done]
        killed = [made for made, (status, _) in zip(copies, done, strict=True) if status]
        succeed(forked, *(item(copy, RETRAIN, uri) for copy, uri in killed))
        states += succeed(forked, *(item(copy, STATE, uri) for copy, uri in copies))
        survived, first = len(killed) < len(copies), first + _AT_ONCE
        for copy, _ in copies:
            shutil.rmtree(copy.path)
    assert len(states) > _FEWEST
    state, trained = states[-1]
    assert [found for found, _ in states] == [state] * len(states)
    assert {count for _, count in states} <= {0, trained} == {0, 1}  # one that was killed is not counted
    assert state[0] == {"champion": "4", "previous": "1"}
    assert state[1] == [["promoted", None, "1"], ["promoted", "1", "4"]]
    assert state[2]["4"] == ["journeyman.unseen_since"]
    assert state[3:] == [[150, 150, 150], False, 0, "4"]
