"""A workload learns again from what it answered: pictures come, people say what they are, a version follows."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import yaml
from mlflow import MlflowClient
from numpy.typing import NDArray

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.prepared import open_prepared
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.record import Answered, Label
from components.prediction_log.writer import Writer
from tests.conftest import Project

TRAIN = ("python", "-m", "flows.train", "digits")
RETRAIN = ("python", "-m", "flows.retrain", "digits")


def test_it_learns_from_its_work_and_refuses_labels_that_are_turned_round(trained: Project, prefect_url: str) -> None:
    there = {"PREFECT_API_URL": prefect_url}
    trained.run(*TRAIN, **there)
    _limit(trained, cooldown=0.0, labels=100)
    data, bundle = open_prepared(artifacts("digits", "prepared")), Bundle(artifacts("digits", "bundle"))
    pictures = (np.asarray(data.inputs("train"))[:150] * 0.9).astype(np.uint8)
    truth = [data.classes[label] for label in data.labels("train")[:150]]
    before = dict(data.counts)

    log = Path("state/log/digits")
    describe(log, Description(workload="digits", kind="image", task="classification"))
    ids = _answered(log, bundle, pictures)
    assert "100 (retrain.labels)" in trained.run(*RETRAIN, "--dry-run", **there)

    wrong = [data.classes[(data.classes.index(name) + 1) % 10] for name in bundle_says(bundle, pictures)]
    _labelled(log, ids, wrong, "eve")
    assert "a training is due" not in trained.run(*RETRAIN, "--dry-run", **there)
    said = trained.fail(*RETRAIN, **there)
    assert "labels of source 'eve' agree with 0% of the answers" in said
    assert not Path("data/inbox/.live/digits").exists()

    _labelled(log, ids, truth, "alice")  # who looks at them once more
    assert "a training is due" in trained.run(*RETRAIN, "--dry-run", **there)
    said = trained.run(*RETRAIN, **there)
    assert "150 from alice" in said
    assert re.search(r"│ registered\s+│ digits version 2 ", said)
    counts = open_prepared(artifacts("digits", "prepared")).counts
    moved = {split: counts[split] - before[split] for split in counts}
    assert sum(moved.values()) == 150
    assert moved["test"] > 0
    client = MlflowClient(f"sqlite:///{trained.path}/state/mlflow/mlflow.db")
    tags = client.get_model_version("digits", "2").tags
    assert tags["journeyman.parent"] == "1"
    manifest = pq.read_table(artifacts("digits", "raw") / "manifest.parquet")
    assert manifest["id"].to_pylist() == ids
    assert set(manifest["source"].to_pylist()) == {"alice"}
    (once,) = json.loads(Path("state/retrain/digits.json").read_text())
    assert once["cpu_seconds"] > 1
    assert "0 labels are too few to learn from" in trained.run(*RETRAIN, **there)  # they have been learnt from

    assert "150 of 150 to the bit" in trained.run("python", "-m", "flows.replay", "digits", "--version", "1")
    shadowed = trained.run("python", "-m", "flows.shadow", "digits", **there)
    assert "digits: tried on live answers" in shadowed
    asked = trained.run("python", "-m", "flows.label", "digits", "--n", "20")
    assert "of 150 answers of version 1" in asked
    assert "the label is known" in asked

    _limit(trained, cooldown=0.0, labels=100, without=["alice", "eve"])
    assert "none" in trained.run(*RETRAIN, "--dry-run", **there)


def bundle_says(bundle: Bundle, pictures: NDArray[Any]) -> list[str]:
    return [bundle.about.classes[best] for best in bundle.outputs(pictures).argmax(axis=1)]


def _answered(log: Path, bundle: Bundle, pictures: NDArray[Any]) -> list[str]:
    writer, identity = Writer.open(log), EventIds().new()
    said = [json.dumps({"label": name}).encode() for name in bundle_says(bundle, pictures)]
    now = int(datetime.now(UTC).timestamp() * 1e6)
    writer.answered(Answered(identity, now, 0.01, "1", "r", bundle.outputs(pictures), pictures, said))
    writer.close()
    return [as_text(identity + row) for row in range(len(pictures))]


def _labelled(log: Path, ids: list[str], labels: list[str], source: str) -> None:
    writer, now = Writer.open(log), int(datetime.now(UTC).timestamp() * 1e6)
    writer.labelled([Label(value, now, event_id=name, source=source) for name, value in zip(ids, labels, strict=True)])
    writer.close()


def _limit(project: Project, **limits: Any) -> None:
    path = project.path / "params.yaml"
    content = yaml.safe_load(path.read_text())
    content["workloads"]["digits"]["retrain"] = limits
    path.write_text(yaml.safe_dump(content))
