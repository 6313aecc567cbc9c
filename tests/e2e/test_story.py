"""The whole story at a small size, which `make demo` plays: payments, and then a fraud that nobody has seen."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from components.config.settings import LIVE, STATE, artifacts
from components.data.ingest import MANIFEST
from components.kinds.prepared import open_prepared
from demo.payments import Payments
from demo.play import play
from demo.project import Project as Copy
from demo.project import commit
from demo.story import BANK, FLOODED, TURNED, Story, begun
from tests.conftest import EASY, Project

PARAMS = (
    """\
workloads:
  fraud:
    kind: table
    task: detection
    source: datasets/story.yaml
    prepare:
      columns: {label: fraud, time: time, id: transaction_id, amount: amount}
      entities:
        customer_id: {days: [1, 7], measures: [count, mean]}
      delay: 0
      split: {train: 10, validation: 1, test: 1}
      limits: {}
    train: {model: trees, false_alarm: 100}
    serve: {precision: float32}
    retrain: {labels: 1700, cpu_hours: 0.001}
"""
    + EASY
    + """\
      shadow: true
      canary: 20
      canary_days: 0.5
"""
)


@pytest.mark.timeout(1_500)
def test_what_is_new_is_learnt_while_callers_ask_and_wrong_labels_are_not(
    new_project: Callable[..., Project], tmp_path: Path, prefect_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_project(PARAMS, tmp_path)
    monkeypatch.chdir(made.path)
    there = {
        "PREFECT_API_URL": prefect_url,
        "JOURNEYMAN_CLOCK": str(made.path / "state" / "clock"),
        "JOURNEYMAN_LOG_DIR": str(made.path / "state" / "log"),
        "JOURNEYMAN_CHAMPIONS": str(made.path / "state" / "champions"),
    }
    copy, payments, said = Copy(made.path, made.warm_environment() | there), work(), list[str]()
    payments.begin(made.path)
    commit(copy)
    with begun(payments, copy, said.append, patience=2.0, night=0.5) as story:
        play(story, said.append)
    assert [(what, to) for _, what, to in story.told.changes] == [("promoted", "2")], "\n".join(said)
    _noticed(story)
    _at_work(story)
    _learnt(story.told.asked)
    assert f"labels of source {TURNED!r} agree with" in story.told.refused[0]
    assert FLOODED in story.told.refused[1]

    said_again = made.run("python", "-m", "flows.retrain", "fraud", "--dry-run", **there)
    assert "no training now" in said_again  # it has taken what may be spent in a month
    assert "(retrain.cpu_hours: 0.001)" in said_again
    replayed = made.run("python", "-m", "flows.replay", "fraud", "--version", "2", **there)
    own = sum(each.answer["model_version"] == "2" for day in story.days for each in day)
    assert f"{own:,} of {own:,} to the bit" in replayed


def work() -> Payments:
    """Return a few payments a day; what is new is a part of them that nobody overlooks."""
    return Payments(begins=1, days=10, history=14, customers=200, stolen=6, params=PARAMS, delay=0)


def _noticed(story: Story) -> None:
    assert story.told.verdicts[0] == "well"
    assert {"look", "harm"} & set(story.told.verdicts)
    assert story.told.asked > 0
    assert story.told.trainings == [3]


def _at_work(story: Story) -> None:
    assert story.traffic.dropped == []
    assert story.traffic.beside > 20  # requests while the loop was at work
    versions = [{str(each.answer["model_version"]) for each in day} for day in story.days]
    assert (versions[0], versions[-1]) == ({"1"}, {"2"})
    assert {"1", "2"} in versions  # a canary's share
    found = [sum(each.said == "1" for each in day if each.example.changed) for day in story.days]
    assert found[-1] > 2 * max(found[1:4])
    assert story.told.costs[-1] < 0.7 * min(story.told.costs[1:4])


def _learnt(asked: int) -> None:
    """What the training took, and what it left, in the folder of the project."""
    manifest = pq.read_table(artifacts("fraud", "raw") / MANIFEST)
    assert manifest.equals(pq.read_table(LIVE / "fraud" / MANIFEST))
    told = manifest["source"].to_pylist()
    assert set(told) <= {BANK, "an-expert", None}  # nobody whose labels are wrong
    assert told.count(BANK) > 1_700 - asked
    (once,) = json.loads((STATE / "retrain" / "fraud.json").read_text())
    assert once["cpu_seconds"] > 0
    assert "(retrain.labels: 1,700)" in once["why"]
    client = MlflowClient(f"sqlite:///{STATE.resolve()}/mlflow/mlflow.db")
    assert client.get_model_version("fraud", "2").tags["journeyman.parent"] == "1"
    assert all(open_prepared(artifacts("fraud", "prepared")).counts.values())
