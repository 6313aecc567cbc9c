"""Pictures of defects, of which training sees the good ones alone, through the whole loop: threes among digits.

They are compared by a backbone's patches, and the endpoint says where a picture is unusual.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from PIL import Image
from sklearn.datasets import load_digits

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.image import codec
from components.kinds.prepared import open_prepared
from tests.backbones import describe
from tests.conftest import EASY, Project
from tests.e2e.test_champion_stays import run
from tests.integration.test_bento import serving

PARAMS = (
    """\
workloads:
  threes:
    kind: image
    task: anomaly
    source: {source}
    prepare: {{size: 8, channels: 3, background: 0}}
    train: {{recipe: transfer, backbone: tiny, flip: false, alerts: 0.05}}
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
    describe(project.path, "tiny", "convnext")
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

    strange = next((source / "test" / "eight").iterdir())
    with serving(project, facts["Bento"], cwd=tmp_path) as url:
        asked = httpx.post(f"{url}/explain", files={"picture": strange.read_bytes()}).raise_for_status().json()
    picture = codec.decode({"picture": strange.read_bytes()}, data.input)
    heat = bundle.heat(picture[None])
    assert heat is not None
    assert np.shape(asked["heat"]) == (4, 4)
    np.testing.assert_allclose(asked["heat"], heat[0], rtol=1e-3, atol=1e-3)
    version = MlflowClient(f"sqlite:///{project.path}/state/mlflow/mlflow.db").get_model_version("threes", "1")
    assert version.tags["journeyman.backbone.title"] == "Tiny"
