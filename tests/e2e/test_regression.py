"""A table whose label is a number through the whole loop, on real data: how diabetes went on in 442 patients."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_diabetes

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.cross_validation import read_cross_validation
from components.kinds.prepared import open_prepared
from components.registry.card import card_contents
from components.registry.card.render import markdown
from components.registry.register import register
from components.tracking.store import open_store
from tests.conftest import EASY, Project
from tests.e2e.test_champion_stays import run

PARAMS = (
    """\
workloads:
  patients:
    kind: table
    source: {source}
    prepare: {{columns: {{label: target}}}}
    train: {{model: best, epochs: 20, batch_size: 32}}
    evaluate: {{folds: 2}}
"""
    + EASY
)


def test_a_number_is_told_with_its_interval(
    new_project: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_url: str
) -> None:
    frame = load_diabetes(as_frame=True, scaled=False).frame
    frame.to_csv(tmp_path / "patients.csv", index=False)
    project = new_project(PARAMS.format(source=tmp_path / "patients.csv"))
    monkeypatch.chdir(project.path)
    facts = run(project, "patients", prefect_url)
    assert facts["champion"].startswith("version 1 is the first champion")
    assert facts["stages"].endswith("cross_validate Completed, evaluate Completed")
    assert " over 442 examples, 2 folds" in facts["cross-validated rmse"]
    data = open_prepared(artifacts("patients", "prepared"))
    assert (data.task, data.classes) == ("regression", ())
    report = json.loads((artifacts("patients", "prepared") / "report.json").read_text())
    assert any(sentence.endswith("25 to 346: task: regression") for sentence in report["read"])
    metrics = json.loads((artifacts("patients", "report") / "metrics.json").read_text())
    assert metrics["rmse"] < float(np.std(data.labels("test")))
    assert metrics["coverage"] > 0.7  # of 0.9, on few examples

    validated, version = read_cross_validation("patients"), register("patients")[0]
    assert validated is not None
    assert 0.8 < validated.metrics["coverage"] < 1.0
    found = open_store("patients").client.get_run(version.run_id).data.metrics
    assert {name: value for name, value in found.items() if name.startswith("cv_")} == validated.logged()
    assert found["test_rmse"] == metrics["rmse"]
    card = version.card()
    assert card is not None
    assert "Cross-validated over 442 examples, 2 folds: each example was answered" in markdown(card)
    first = card["measured"]["cross_validated"]["metrics"][0]
    assert (first["name"], first["value"]) == ("rmse", pytest.approx(validated.metrics["rmse"]))
    assert first["low"] < first["value"] < first["high"]

    told = card_contents(version)["model"]
    assert told["metric"] == "rmse"
    assert told["serves"] == min(("network", "trees"), key=lambda name: float(told[name]))

    bundle = Bundle(artifacts("patients", "bundle"))
    expected = bundle.outputs(np.asarray(data.inputs("test")))
    frame.drop(columns="target").to_parquet(tmp_path / "new.parquet")
    out = tmp_path / "scores.parquet"
    project.run("python", "-m", "flows.score", "patients", str(tmp_path / "new.parquet"), "--out", str(out),
                PREFECT_API_URL=prefect_url)  # fmt: skip
    scored = pq.read_table(out).to_pydict()
    assert len(scored["value"]) == 442
    assert set(np.round(expected[:, 0], 2)) <= {round(value, 2) for value in np.float32(scored["value"])}
    assert all(
        low <= value <= high for low, value, high in zip(*(scored[k] for k in ("low", "value", "high")), strict=True)
    )
