"""What an older release has left goes on with today's code: it serves, is followed, judged, rolled back, made again."""

import base64
import json
import re
import shutil
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from components import catalogue
from components.registry.card import Measurements
from components.tracking.environment import Environment, differences, environment
from tests.conftest import ROOT, Project, copy_of
from tests.integration.test_bento import serving
from tests.servers import wait_for

OLDER = ROOT / "tests" / "fixtures" / "older_project"
ANSWERS = json.loads((OLDER / "answers.json").read_text())
TRAINED = {"digits": "trained_once", "payments": "payments_once"}
"""The fixture with today's training of the workload."""
COMPUTING = ("python", "processor", "lightning", "numpy", "onnx", "pillow", "polars", "scikit-learn", "scipy", "torch")
"""What decides how sums are rounded, and how files are written."""
JUDGE = """
import json, sys
from tests.registering import judge, register, reconciled_champion
verdict = judge(register(sys.argv[1])[0], reconciled_champion(sys.argv[1]))
print(verdict.model_dump_json())
"""
CARD = """
import json, sys
import mlflow
print(json.dumps(mlflow.artifacts.load_dict(f"models:/{sys.argv[1]}/{sys.argv[2]}/card.json")))
"""
LOADED = """
import base64, json, sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/digits/1")
pictures = [base64.b64decode(body) for body in json.load(open(sys.argv[1]))]
print(model.predict(pd.DataFrame({"picture": pictures}))["probability"].to_json(orient="values"))
"""


@dataclass(frozen=True)
class Older:
    """A checkout of today's code with what the older release has left of the workload."""

    workload: str
    project: Project

    def recorded(self, version: str) -> list[dict[str, Any]]:
        """Return what the version was asked then, and what it answered."""
        return [asked for asked in ANSWERS if (asked["workload"], asked["version"]) == (self.workload, version)]

    def assert_answers(self, url: str, version: str) -> None:
        """Ask an endpoint what the version was asked then."""
        asked = self.recorded(version)
        assert asked
        for question in asked:
            body, headers = base64.b64decode(question["body"]), {"content-type": question["content_type"]}
            answer = httpx.post(f"{url}/predict", content=body, headers=headers, timeout=30)
            assert answer.status_code == 200, answer.text
            assert_alike(answer.json(), question["answer"])

    def card(self, version: str) -> dict[str, Any]:
        return dict(self._python(CARD, self.workload, version))

    def verdict_of_today(self) -> dict[str, Any]:
        return dict(self._python(JUDGE, self.workload))

    def loaded(self, folder: Path) -> list[float]:
        """Return what MLflow, by itself, has version 1 answer to the recorded pictures."""
        bodies = folder / "bodies.json"
        bodies.write_text(json.dumps([asked["body"] for asked in self.recorded("1")]))
        return list(self._python(LOADED, str(bodies)))

    def other_machine(self) -> list[str]:
        """Return in what processor and libraries differ from those that it was trained with."""
        lineages = self.project.path.glob("state/mlflow/artifacts/models/*/artifacts/lineage.json")
        then = Environment.model_validate(json.loads(next(lineages).read_text())["environment"])
        return [words for words in differences(then, environment()) if words.startswith(COMPUTING)]

    def _python(self, code: str, *arguments: str) -> Any:
        store = f"sqlite:///{self.project.path}/state/mlflow/mlflow.db"
        said = self.project.run("python", "-c", code, *arguments, PYTHONPATH=".", MLFLOW_TRACKING_URI=store)
        return json.loads(said.splitlines()[-1])


@pytest.fixture(scope="module", params=sorted(TRAINED))
def older_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Older:
    """A checkout on which today's stages have run, with the older one's state, cache and commits. Not to be changed."""
    folder = tmp_path_factory.mktemp("older")
    project = copy_of(request.getfixturevalue(TRAINED[request.param]), folder)
    with tarfile.open(OLDER / "project.tar.xz") as archive:
        archive.extractall(folder / "unpacked", filter="data")
    shutil.rmtree(project.path / "state" / "mlflow")
    for name in ("state", ".dvc"):
        shutil.copytree(folder / "unpacked" / name, project.path / name, dirs_exist_ok=True)
    commits = str(folder / "unpacked" / "commits.bundle")
    project.run("git", "fetch", "-q", commits, "refs/journeyman/*:refs/journeyman/*")
    (project.path / ".venv").symlink_to(sys.prefix)
    assert "this folder was /tmp/project" in opened(project)
    return Older(request.param, project)


@pytest.fixture
def older(older_once: Older, tmp_path: Path) -> Older:
    made = Older(older_once.workload, copy_of(older_once.project, tmp_path))
    opened(made.project)
    return made


def test_its_bento_answers_as_it_did(older_once: Older) -> None:
    bento = older_once.recorded("1")[0]["bento"]
    with serving(older_once.project, bento, cwd=older_once.project.path.parent) as url:
        older_once.assert_answers(url, "1")


def test_endpoints_of_today_follow_what_it_published_and_what_a_rollback_publishes(older: Older) -> None:
    champions = {"JOURNEYMAN_CHAMPIONS": str(older.project.path / "state" / "champions")}
    workload = f"workload={older.workload}"
    with serving(
        older.project,
        ".",
        "--arg",
        workload,
        cwd=older.project.path,
        variables=champions | {"JOURNEYMAN_FOLLOW_EVERY": "0.1"},
    ) as url:
        wait_for(lambda: version_at(url) == "2")
        older.assert_answers(url, "2")
        before = older.card("1")
        said = older.project.run("python", "-m", "flows.rollback", older.workload, "--reason", "as it was")
        assert "nothing: there was none before" in said
        wait_for(lambda: version_at(url) == "1")
        older.assert_answers(url, "1")
        assert httpx.get(f"{url}/card").is_success
    after = older.card("1")
    assert measurements(after) == measurements(before)  # was measured once, whatever its fields are called by now
    assert after["history"][-1] | {"number": 0, "when": ""} == {
        "number": 0, "when": "", "what": "rolled back", "from": "2", "to": "1", "reason": "as it was", "refusals": []
    }  # fmt: skip
    assert "at work: version 1\n" in older.project.run("python", "-m", "flows.history", older.workload)


def test_a_challenger_of_today_is_judged_against_its_champion(older: Older) -> None:
    verdict = older.verdict_of_today()
    number = max(asked["version"] for asked in older.recorded("1") + older.recorded("2") + older.recorded("3"))
    assert (verdict["champion"], verdict["challenger"]) == ("2", str(int(number) + 1))
    (better,) = [rule for rule in verdict["rules"] if rule["name"].startswith("better: ")]
    assert better["passed"] is not None
    assert 0 < better["champion"] <= 1
    assert 0 < better["challenger"] <= 1


@pytest.mark.parametrize("older_once", ["digits"], indirect=True)
def test_its_version_is_made_again(older: Older) -> None:
    rebuild = f"python -m flows.rebuild {older.workload} 1"
    if other := older.other_machine():  # which may round otherwise what is trained; what is prepared is the same
        assert "identical: prepared" in older.project.run("sh", "-c", f"{rebuild} || true"), other
    else:
        assert re.search(r"result .* identical", older.project.run(*rebuild.split()))


def test_history_model_and_parameters_are_read(
    older_once: Older, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = older_once.project.run("python", "-m", "flows.history", older_once.workload)
    assert "at work: version 2; a rollback leads to version 1" in said
    assert re.search(r"overridden.*ann", said)
    monkeypatch.chdir(older_once.project.path.parent / "unpacked")
    assert set(catalogue.workloads()) == set(TRAINED)
    if older_once.workload == "digits":
        expected = [asked["answer"]["probability"] for asked in older_once.recorded("1")]
        assert older_once.loaded(tmp_path) == pytest.approx(expected, abs=1e-4)


def opened(project: Project) -> str:
    """Open a shell in the project's folder, which may have been moved; return what it says."""
    return project.run("sh", "-c", ". ./env.sh")


def measurements(card: dict[str, Any]) -> Measurements:
    return Measurements.model_validate_json(json.dumps(card["measured"]))


def version_at(url: str) -> str:
    return str(httpx.get(f"{url}/about").json()["version"])


def assert_alike(found: Any, expected: Any) -> None:
    """Hold an answer to what was answered then; another processor may round otherwise, and today may say more."""
    if isinstance(expected, dict):
        assert found.keys() >= expected.keys()
        for name, value in expected.items():
            assert_alike(found[name], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for value, then in zip(found, expected, strict=True):
            assert_alike(value, then)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-4)
    else:
        assert found == expected
