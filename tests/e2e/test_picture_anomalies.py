"""Pictures of defects, of which training sees the good ones alone, through the whole loop: threes among digits."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.prepared import open_prepared
from tests.conftest import EASY, Project
from tests.e2e.test_champion_stays import run

PARAMS = (
    """\
workloads:
  threes:
    kind: image
    task: anomaly
    source: {source}
    prepare: {{size: 8, channels: 1, background: 0}}
    train: {{flip: false, alerts: 0.05}}
"""
    + EASY
)


def defects(folder: Path) -> Path:
    """Lay out digits as data sets of defects are: a three is good, other digits are of two sorts of defect."""
    data = load_digits()
    threes = np.flatnonzero(data.target == 3)
    parts = {
        "train/good": threes[:140],
        "test/good": threes[140:],
        "test/eight": np.flatnonzero(data.target == 8)[:25],
        "test/five": np.flatnonzero(data.target == 5)[:25],
    }
    for name, indices in parts.items():
        (folder / name).mkdir(parents=True)
        for index in indices:
            Image.fromarray((data.images[index] * 255 / 16).astype(np.uint8)).save(folder / name / f"{index:04d}.png")
    return folder


def test_what_no_training_has_seen_is_found_among_pictures(
    new_project: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_url: str
) -> None:
    source = defects(tmp_path / "threes")
    project = new_project(PARAMS.format(source=source))
    monkeypatch.chdir(project.path)
    facts = run(project, "threes", prefect_url)
    assert facts["champion"].startswith("version 1 is the first champion")
    assert re.search(r"([6-9]|10) of 10 held-out examples right", facts["endpoint"])
    data = open_prepared(artifacts("threes", "prepared"))
    assert (data.task, data.classes) == ("anomaly", ("good", "anomaly"))
    metrics = json.loads((artifacts("threes", "report") / "metrics.json").read_text())
    assert metrics["average_precision"] > max(0.95, metrics["baseline_average_precision"])

    out = tmp_path / "scores.parquet"
    project.run("python", "-m", "flows.score", "threes", str(source / "test" / "eight"), "--out", str(out),
                PREFECT_API_URL=prefect_url)  # fmt: skip
    scored = pq.read_table(out).to_pydict()
    bundle = Bundle(artifacts("threes", "bundle"))
    expected = bundle.outputs(np.asarray(data.inputs("test")))[:, 0]
    assert all(np.abs(expected - score).min() < 1e-4 for score in scored["score"])
    threshold = bundle.about.decision["threshold"]
    assert scored["label"] == ["anomaly" if score >= threshold else "good" for score in scored["score"]]
    assert scored["label"].count("anomaly") > 15
