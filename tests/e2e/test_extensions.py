"""A kind and a task of installed packages, those that docs/extensions.md walks through, in the whole loop."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from components.config.settings import artifacts
from components.inference.bundle import Bundle, read_about
from components.kinds.prepared import open_prepared
from tests.conftest import EASY, ROOT, Project
from tests.e2e.test_champion_stays import run

PARAMS = (
    """\
workloads:
  pulses:
    kind: signal
    task: counts
    source: {source}
    prepare: {{}}
    train: {{epochs: 25, batch_size: 32}}
"""
    + EASY
)
LENGTH = 48


def test_a_kind_and_a_task_of_installed_packages(
    new_project: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_url: str
) -> None:
    signals = _pulses(600)
    signals.to_csv(tmp_path / "pulses.csv", index=False)
    monkeypatch.setenv("PYTHONPATH", str(_installed(tmp_path)))
    project = new_project(PARAMS.format(source=tmp_path / "pulses.csv"))
    monkeypatch.chdir(project.path)

    said = project.fail("python", "-m", "components.data.resolve", "pulses")
    assert said == (
        "error: constraints.txt: does not name journeyman-signal, which is installed: write journeyman-signal==0.1.0 "
        "there, by which a later version is noticed\n"
    )
    with Path("constraints.txt").open("a") as file:
        file.write("journeyman-signal==0.1.0\njourneyman-counts==0.1.0\n")

    facts = run(project, "pulses", prefect_url)
    assert facts["champion"].startswith("version 1 is the first champion")
    assert "held-out examples right" in facts["endpoint"]
    data = open_prepared(artifacts("pulses", "prepared"))
    assert (data.kind, data.task, data.classes) == ("signal", "counts", ())
    metrics = json.loads((artifacts("pulses", "report") / "metrics.json").read_text())
    assert metrics["poisson_deviance"] < 0.8  # 1.0 for one mean for all
    folds = json.loads((artifacts("pulses", "cross_validation") / "metrics.json").read_text())
    assert (folds["folds"], folds["examples"]) == (5.0, 600.0)
    assert folds["poisson_deviance"] < 0.8

    requires = ("journeyman-signal==0.1.0", "journeyman-counts==0.1.0")
    assert read_about(artifacts("pulses", "bundle")).requires == requires
    (bento,) = Path("state/bentoml/bentos/pulses").glob("*/env/python/requirements.txt")
    assert set(requires) <= set(bento.read_text().split())
    (model,) = Path("state").rglob("MLmodel")
    assert set(requires) <= set((model.parent / "requirements.txt").read_text().split())
    assert json.loads(project.run("python", "-c", LINEAGE))["journeyman.extensions"] == ", ".join(requires)

    signals.drop(columns="label").to_parquet(tmp_path / "new.parquet")
    out = tmp_path / "scores.parquet"
    project.run("python", "-m", "flows.score", "pulses", str(tmp_path / "new.parquet"), "--out", str(out),
                PREFECT_API_URL=prefect_url)  # fmt: skip
    scored = pq.read_table(out).to_pydict()
    expected = Bundle(artifacts("pulses", "bundle")).outputs(signals.drop(columns="label").to_numpy(np.float32))
    assert np.allclose(scored["expected"], expected[:, 0], rtol=1e-5)
    assert np.allclose(scored["none"], np.exp(-expected[:, 0]), rtol=1e-4)
    answered = project.run("python", "-W", "ignore", "-c", PYFUNC, str(model.parent), str(tmp_path / "new.parquet"))
    assert np.allclose(json.loads(answered.splitlines()[-1]), expected[:5, 0], rtol=1e-5)

    rebuilt = project.run("python", "-m", "flows.rebuild", "pulses", "1", PREFECT_API_URL=prefect_url)
    assert "identical: bundle" in rebuilt
    assert "differs" not in rebuilt

    code = Path(tmp_path, "site", "journeyman_signal", "evaluation.py")
    code.write_text(code.read_text().replace("_NOISE = 0.1", "_NOISE = 0.2"))
    project.run("dvc", "repro", "--force", "--single-item", "resolve@pulses")
    stale = re.findall(r"^(\w+)@pulses:", project.run("dvc", "status"), re.MULTILINE)
    assert stale == ["cross_validate", "evaluate"], "the code of those that evaluate has changed"


LINEAGE = """\
import json
from components.registry.version import get_version
print(json.dumps(get_version("pulses", "1").tags()))
"""
PYFUNC = """\
import json, sys
import mlflow.pyfunc, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
print(json.dumps(model.predict(pandas.read_parquet(sys.argv[2])[:5])["expected"].tolist()))
"""


def _installed(folder: Path) -> Path:
    """Install both examples as a user does, into a folder of their own."""
    sources = [shutil.copytree(ROOT / "examples" / name, folder / name) for name in ("signal", "counts")]
    install = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run([*install, "--target", str(folder / "site"), *map(str, sources)], check=True, timeout=120)
    return folder / "site"


def _pulses(count: int) -> pd.DataFrame:
    """Return noise with some pulses in each row, and how many."""
    random = np.random.default_rng(0)
    labels, signals = random.poisson(2.0, count), random.normal(0.0, 0.1, (count, LENGTH))
    for signal, pulses in zip(signals, labels, strict=True):
        for place in random.integers(2, LENGTH - 2, pulses):
            signal[place - 2 : place + 3] += [0.4, 0.8, 1.2, 0.8, 0.4]
    return pd.DataFrame(signals.round(4), columns=[f"t{index}" for index in range(LENGTH)]).assign(label=labels)
