import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components import catalogue
from components.config.settings import STATE, artifacts
from components.kinds.cross_validation import read_cross_validation, read_outputs
from components.kinds.prepared import SPLITS, open_prepared
from components.tasks.out_of_fold import OutOfFold, pooled
from components.training import fold_training
from components.training.cross_validate import cross_validate
from components.training.fold_plan import fold_plan
from tests.conftest import ROOT
from tests.unit.small_data import small_data

pytestmark = pytest.mark.slow

SECTION = """\
workloads:
  cups:
    kind: {kind}
    task: {task}
    source: here
    prepare: {prepare}
    train: {{epochs: 2, batch_size: 16, threads: 1{train}}}
    evaluate: {{cross_validate_below: {below}, folds: 2}}
"""
PREPARE = {"table": "{columns: {}}", "image": "{size: 8, channels: 1}"}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(kind: str = "table", task: str = "classification", train: str = "", below: int = 100) -> None:
    small_data(artifacts("cups", "prepared"), kind, task)
    prepare = PREPARE[kind]
    Path("params.yaml").write_text(SECTION.format(kind=kind, task=task, prepare=prepare, train=train, below=below))


@pytest.mark.parametrize(
    ("kind", "task", "train"),
    [
        ("table", "classification", ""),
        ("table", "classification", ", model: best"),
        ("table", "detection", ", model: trees"),
        ("table", "regression", ""),
        ("table", "anomaly", ""),
        ("table", "anomaly", ", model: best"),
        ("image", "classification", ""),
        ("image", "detection", ""),
        ("image", "regression", ""),
        ("image", "anomaly", ""),
    ],
)
def test_every_example_is_answered_once(kind: str, task: str, train: str) -> None:
    write(kind, task, train)
    cross_validate("cups")
    found = read_cross_validation("cups")
    assert found is not None
    assert (found.folds, found.examples) == (2, 60)
    answers = OutOfFold.of_json(read_outputs("cups"))
    assert answers is not None
    data = open_prepared(artifacts("cups", "prepared"))
    assert len(pooled(answers, data).folds) == len(answers.folds) == 60
    metric = catalogue.evaluation(kind, task).metric(data, catalogue.workload("cups").train)
    assert all(np.isfinite(found.metrics[name]) for name in (metric, f"{metric}_spread", f"baseline_{metric}"))
    assert " over 60 examples, 2 folds" in found.told(metric)
    assert found.logged()["cv_folds"] == 2.0


def test_one_that_was_killed_goes_on_with_the_fold_that_it_was_at(monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    cross_validate("cups")
    whole = [path.read_bytes() for path in sorted(artifacts("cups", "cross_validation").iterdir())]
    assert not list((STATE / "folds").iterdir())
    answered, trained = fold_training._answered, list[int]()

    def killed(*arguments: Any) -> dict[str, Any]:
        trained.append(1)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return answered(*arguments)

    monkeypatch.setattr(fold_training, "_answered", killed)
    with pytest.raises(KeyboardInterrupt):
        cross_validate("cups")
    cross_validate("cups")
    assert len(trained) == 3  # the first once, the second twice
    assert [path.read_bytes() for path in sorted(artifacts("cups", "cross_validation").iterdir())] == whole


def test_another_recipe_goes_on_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    folder = STATE / "folds" / "cups" / "stale"
    folder.mkdir(parents=True)
    for fold in (0, 1):
        (folder / f"{fold}.json").write_text("{}")
    cross_validate("cups")
    assert read_cross_validation("cups") is not None


def test_a_fold_without_anything_to_learn_is_said_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    write(task="regression")
    for split in SPLITS:
        path = artifacts("cups", "prepared") / f"{split}_labels.npy"
        np.save(path, np.full(len(np.load(path)), 3.0))
    with caplog.at_level(logging.INFO):
        cross_validate("cups")
    assert "not cross-validated: without the examples of fold 1 of 2 every label of the train split is 3" in caplog.text
    assert read_cross_validation("cups") is None


def test_a_large_test_split_loads_no_torch() -> None:
    write(below=12)
    call = "import sys; from components.training.cross_validate import cross_validate; cross_validate('cups'); "
    heavy = "print([name for name in ('torch', 'lightning', 'sklearn', 'mlflow', 'scipy') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", call + heavy], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
    assert read_cross_validation("cups") is None
    assert json.loads((artifacts("cups", "cross_validation") / "metrics.json").read_text())["folds"] == 0


@pytest.mark.parametrize(
    ("below", "keys", "told", "folds"),
    [
        (12, "drawn", "", 0),
        (0, "drawn", "", 0),
        (13, "drawn", "the test split has 12 examples, fewer than evaluate.cross_validate_below (13): 2 trainings", 2),
        (13, None, "its splits are spans of time, or were given, not drawn", 0),
        (13, "one group", "there is one group alone", 0),
    ],
)
def test_it_is_said_before_training_whether_and_why(below: int, keys: str | None, told: str, folds: int) -> None:
    write(below=below)
    for split in SPLITS:
        path = artifacts("cups", "prepared") / f"{split}_keys.npy"
        if keys is None:
            path.unlink()
        elif keys == "one group":
            np.save(path, np.zeros(len(np.load(path)), dtype=np.uint64))
    plan = fold_plan(open_prepared(artifacts("cups", "prepared")), catalogue.workload("cups"))
    assert told in plan.told
    assert bool(plan.told) == bool(told)
    assert plan.folds == folds
