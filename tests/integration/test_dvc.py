import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from components.config.settings import artifacts
from components.kinds.image.params.recipes import RECIPES
from components.kinds.prepared import open_prepared
from components.versioning.stages import BACKBONE, RESOLVE, STAGES, TRAINING
from tests.backbones import describe
from tests.conftest import IDENTITY, ROOT, Project


def test_a_second_repro_does_nothing(trained: Project) -> None:
    assert _ran(trained.run("dvc", "repro")) == []


def test_it_learned(trained: Project) -> None:
    assert json.loads((artifacts("digits", "report") / "metrics.json").read_text())["accuracy"] > 0.8


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("validation: 0.15", "validation: 0.2", ["resolve", "prepare", BACKBONE, *TRAINING]),
        ("kind: image", "kind: image\n    serve: {max_pixels: 1000}", ["resolve", "export", "evaluate"]),
        ("kind: image", "kind: image\n    serve: {margin: 0.1}", ["resolve", "evaluate"]),
        ("kind: image", "kind: image\n    evaluate: {folds: 3}", ["resolve", "cross_validate"]),
    ],
)
def test_a_changed_parameter_reruns_what_depends_on_it(
    old: str, new: str, expected: list[str], trained: Project
) -> None:
    trained.params(old, new)
    assert _ran(trained.run("dvc", "repro")) == expected


def test_what_decides_nothing_of_a_model_runs_no_stage_that_makes_one(trained: Project) -> None:
    """Words for people, what the gate asks, the words of errors, and a kind and a task that no workload has."""
    _change("components/config/errors.py", "components/config/gate.py", "components/ledger/measure.py")
    assert trained.run("dvc", "status").strip() == "Data and pipelines are up to date."
    _change("components/kinds/table/params/__init__.py", "components/tasks/detection/objective/threshold.py")
    trained.params("kind: image", "kind: image\n    description: Which digit is it?\n    card: {contact: me}")
    trained.params("    gate:", "    gate:\n      leaks: 0.1")
    assert re.findall(r"^(\w+)@digits:", trained.run("dvc", "status"), re.MULTILINE) == ["resolve"]
    assert _ran(trained.run("dvc", "repro")) == ["resolve"]
    assert trained.run("dvc", "status").strip() == "Data and pipelines are up to date."


def test_an_experiment_runs_with_another_parameter_and_is_compared(trained: Project) -> None:
    assert "accuracy" in trained.run("dvc", "metrics", "show")
    said = trained.run("dvc", "exp", "run", "-S", "workloads.digits.train.epochs=1", **IDENTITY)
    assert _ran(said) == ["resolve", *TRAINING]
    assert yaml.safe_load(Path("params.yaml").read_text())["workloads"]["digits"]["train"]["epochs"] == 1
    shown = trained.run("dvc", "exp", "show", "--csv")
    assert len(list(csv.DictReader(shown.splitlines()))) == 3  # the workspace, its commit, the experiment
    assert re.search(r"workloads\.digits\.train\.epochs\s+10\s+1", trained.run("dvc", "params", "diff"))
    assert re.search(r"metrics\.json\s+accuracy\s+0\.\d+\s+0\.\d+\s+-0\.\d+", trained.run("dvc", "metrics", "diff"))
    trained.run("dvc", "plots", "show", "--out", "plots")
    page = Path("plots/index.html").read_text()
    assert "digits, learning curve" in page
    assert "digits, confusion on the test split" in page


def test_every_size_has_its_own_pictures(trained: Project) -> None:
    """DVC's cache of runs does not tell two sizes apart."""
    for old, new in ((8, 16), (16, 8), (8, 16)):
        trained.params(f"size: {old}", f"size: {new}")
        trained.run("dvc", "repro", "prepare@digits")
        assert open_prepared(artifacts("digits", "prepared")).inputs("train").shape[1:3] == (new, new)


def test_a_forced_rerun_gives_the_same_bytes(trained: Project) -> None:
    """And says little where no terminal is."""
    before = {path: path.read_bytes() for path in _deterministic()}
    said = trained.run("dvc", "repro", "--force")
    assert {path: path.read_bytes() for path in _deterministic()} == before
    assert "\r" not in said
    progress = [line.partition(":")[0] for line in said.splitlines() if re.match(r"\w+: .*\[.*/s.*\]$", line)]
    assert list(dict.fromkeys(progress)) == ["ingest", "prepare", "train"]
    assert re.search(r"^trained digits: epoch 9, step 120, learning_rate \d\.\d{4}, ", said, re.MULTILINE)


def test_new_pictures_in_the_inbox_are_taken_in(trained: Project) -> None:
    before = json.loads((artifacts("digits", "prepared") / "prepared.json").read_text())
    folder = Path("data/inbox/digits/digit-3")
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for index in range(40):
        Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).save(folder / f"{index}.png")
    trained.run("dvc", "repro", "prepare@digits")
    after = json.loads((artifacts("digits", "prepared") / "prepared.json").read_text())
    assert sum(after["counts"].values()) == sum(before["counts"].values()) + 40
    assert after["classes"] == before["classes"]


def test_a_second_workload_is_one_section_and_begins_with_a_backbone(trained: Project, pictures: Path) -> None:
    section = f"""\
  mugs:
    kind: image
    source: {pictures}
    prepare: {{test: 0.3, validation: 0.3}}
    train: {{epochs: 1}}
"""
    describe(Path.cwd(), RECIPES["transfer"]["backbone"])
    with Path("params.yaml").open("a") as file:
        file.write(section)
    output = trained.run("dvc", "repro")
    ran = _ran(output)
    assert [stage for stage in ran if stage not in (RESOLVE, BACKBONE)] == list(STAGES)
    assert (ran.count(RESOLVE), ran.count(BACKBONE)) == (1, 2)  # of digits it depends on the description, too
    assert "@mugs" in output
    assert "recipe: auto is transfer (efficientnet-lite0, tune: last), as 9 training pictures in colour are" in output
    run = json.loads((artifacts("mugs", "weights") / "run.json").read_text())
    assert (run["params"]["recipe"], run["params"]["used.recipe"]) == ("transfer", "transfer")
    assert (artifacts("mugs", "bundle") / "model.onnx").exists()


def test_what_a_user_did_wrong_is_one_clear_line(trained: Project) -> None:
    trained.params("epochs: 10", "epoch: 6")
    said = trained.fail("dvc", "repro")
    assert "error: params.yaml: workloads.digits.train.epoch: unknown key." in said
    assert "Traceback" not in said


def test_limits_fail_the_stage_and_leave_nothing_half_done(trained: Project) -> None:
    folder = Path("data/inbox/digits/digit-1")
    folder.mkdir(parents=True)
    (folder / "broken.png").write_bytes(b"not a picture")
    trained.params("test: 0.2}", "test: 0.2, limits: {unreadable: 0}}")
    said = trained.fail("dvc", "repro")
    assert "error: 1 of 601 pictures cannot be read: 1 not a PNG, JPEG, " in said
    assert "(inbox/digit-1/broken.png); prepare.limits.unreadable allows 0" in said
    assert not artifacts("digits", "prepared").exists()
    (folder / "broken.png").unlink()
    shutil.rmtree(folder.parent)
    trained.run("dvc", "repro")


@pytest.mark.parametrize("tolerance", ["-1.0", "float('nan')"])
def test_a_bundle_that_differs_from_torch_fails_the_stage(tolerance: str, trained: Project) -> None:
    path = Path("components/training/export.py")
    path.write_text(path.read_text().replace("TOLERANCE = 1e-4", f"TOLERANCE = {tolerance}"))
    said = trained.fail("dvc", "repro")
    assert re.search(r"error: artifacts/digits/bundle: an output differs from torch's by \S+, at most", said)
    assert not artifacts("digits", "bundle").exists()


def test_the_shipped_pipeline_parses() -> None:
    project = Project(ROOT)
    listed = project.run("dvc", "stage", "list", "--name-only")
    assert sorted(listed.split()) == sorted(
        f"{stage}@{name}"
        for stage in (*STAGES, RESOLVE, BACKBONE)
        for name in ("garments", "fraud", "intents", "digits", "shop")
    )


def _change(*paths: str) -> None:
    for path in map(Path, paths):
        path.write_text(path.read_text().replace('"""', '"""Otherwise. ', 1))


def _ran(output: str) -> list[str]:
    return re.findall(r"Running stage '(\w+)@", output)


def _deterministic() -> list[Path]:
    weights = artifacts("digits", "weights") / "model.safetensors"
    folders = [artifacts("digits", name) for name in ("raw", "prepared", "bundle", "bundle-int8")]
    return [weights, *(path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())]
