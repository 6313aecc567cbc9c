"""A table without a time through the whole loop, on real data: 569 tumours, malignant or benign."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import average_precision_score

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.prepared import SPLITS, PreparedData, open_prepared
from components.kinds.table.sample import requests
from components.registry.answers import version_answers
from components.registry.card import card_contents
from components.registry.gate import read_verdict
from components.registry.register import register
from components.registry.version import get_version
from components.tasks.out_of_fold import OutOfFold, pooled
from tests import own_data
from tests.conftest import EASY, Project
from tests.e2e.test_champion_stays import run
from tests.integration.test_table import PREDICT

PARAMS = (
    """\
workloads:
  tumours:
    kind: table
    source: {source}
    prepare:
      columns: {{label: diagnosis, positive: malignant, id: patient_id}}
    train: {{model: trees}}
    evaluate: {{folds: 2}}
"""
    + EASY
)


def precision(answers: OutOfFold | None, data: PreparedData) -> float:
    assert answers is not None
    found = pooled(answers, data)
    return float(average_precision_score(np.asarray(found.data.labels("test")), found.outputs[:, 1]))


def test_a_table_without_a_time_goes_through_the_whole_loop(
    new_project: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_url: str
) -> None:
    source = own_data.tumours(tmp_path / "tumours.csv")
    project = new_project(PARAMS.format(source=source))
    monkeypatch.chdir(project.path)
    facts = run(project, "tumours", prefect_url)
    assert facts["champion"] == "version 1 is the first champion"
    assert re.search(r"(9|10) of 10 held-out examples right", facts["endpoint"])
    data = open_prepared(artifacts("tumours", "prepared"))
    assert [round(data.counts[split] / 569, 1) for split in SPLITS] == [0.7, 0.1, 0.2]
    metrics = json.loads((artifacts("tumours", "report") / "metrics.json").read_text())
    assert metrics["roc_auc"] > 0.97

    project.params("train: {model: trees}", "train: {model: best}")
    facts = run(project, "tumours", prefect_url)  # against the champion, on the same splits
    challenger, _ = register("tumours")
    told = card_contents(challenger)["model"]
    assert told["serves"] == max(("network", "trees"), key=lambda name: float(told[name]))
    assert re.fullmatch(r"version 2 replaces version 1: average_precision .*; cross-validated", facts["champion"])
    verdict, before = read_verdict(challenger), get_version("tumours", "1")
    assert verdict is not None
    rules = {rule.group: rule for rule in verdict.rules}
    assert (rules["better"].champion, rules["better"].challenger) == tuple(
        pytest.approx(precision(version_answers(version), data)) for version in (before, challenger)
    )
    assert rules["better"].note.endswith("; cross-validated")
    assert rules["cross-validated"].note.startswith("over 569 examples, 2 folds, ± ")

    expected = Bundle(artifacts("tumours", "bundle")).outputs(np.asarray(data.inputs("test")))[:, 1]
    rows = requests(data, range(40), True)
    Path("rows.json").write_text(json.dumps(rows))
    there = {"MLFLOW_TRACKING_URI": f"sqlite:///{project.path}/state/mlflow/mlflow.db", "PYTHONPATH": ""}
    told = project.run(sys.executable, "-c", PREDICT.replace("payments", "tumours"), "rows.json", **there)
    assert json.loads(told.splitlines()[-1]) == pytest.approx(expected[:40].tolist(), abs=1e-3)

    assert {row["born"] is None for row in rows} == {True, False}
    pl.DataFrame(rows).write_parquet(tmp_path / "new.parquet")
    out = tmp_path / "scores.parquet"
    project.run(
        "python", "-m", "flows.score", "tumours", str(tmp_path / "new.parquet"), "--out", str(out),
        PREFECT_API_URL=prefect_url,
    )  # fmt: skip
    scored = pq.read_table(out).to_pydict()
    assert scored["id"] == [row["patient_id"] for row in rows]
    assert scored["probability"] == pytest.approx(expected[:40].tolist(), abs=1e-3)
