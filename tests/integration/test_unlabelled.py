"""Pictures without labels, through the stages: versioned, learned from beside a twin, on record, made again, erased."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from components.data.ingest import ingest
from components.erasure.erase import erase_key
from components.kinds.prepared import open_prepared
from components.registry.rebuild.find import find
from components.registry.rebuild.stages import fetch_backbone, fetch_raw
from components.registry.rebuild.worktree import surroundings, worktree
from components.registry.register import register
from components.retraining.manifest import gather, write
from components.retraining.unlabelled import gather_unlabelled
from components.system.files import read_json
from components.versioning.dvc import dvc
from tests.conftest import EASY, Project, commit
from tests.erased import traces
from tests.integration.test_rebuild import _stand_in as stand_in
from tests.unit.retraining.test_manifest import DAY, NOW, ZERO, Work

FOLDER = "data/unlabelled/digits"
PARAMS = (
    """\
workloads:
  digits:
    kind: image
    task: classification
    source: {source}
    prepare:
      {{size: 8, channels: 1, validation: 0.15, test: 0.2, unlabelled: data/unlabelled/digits, unlabelled_answers: 4}}
    train: {{epochs: 2, batch_size: 32, flip: false, width: 8, threads: 1}}
    evaluate: {{cross_validate_below: 0}}
"""
    + EASY
)
LABELLED = 200


@pytest.fixture
def few(new_project: Callable[..., Project], digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A checkout of which two hundred digits are labelled; the others, and one of these, are not."""
    made = new_project(PARAMS.format(source=tmp_path / "digits"))
    monkeypatch.chdir(made.path)
    for number, path in enumerate(sorted(digits.rglob("*.png"), key=lambda path: path.name)):
        folder = tmp_path / "digits" / path.parent.name if number < LABELLED else Path(FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.name)
    shutil.copy(next((tmp_path / "digits").rglob("*.png")), Path(FOLDER) / "again.png")
    return made


def test_a_run_versions_them_keeps_the_better_model_and_can_be_made_again(
    few: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(few, monkeypatch)
    ids = answered(monkeypatch)
    said = few.run("dvc", "repro", "evaluate")
    assert "with 13" in said or "labels a class it is trained twice" in said
    assert "pictures without labels: right in" in said
    known = open_prepared(Path("artifacts/digits/prepared")).unlabelled()
    assert known is not None
    assert (known.folder, known.files) == (f"{FOLDER} and the prediction log", 405)
    assert sum(count for why, count in known.left_out.items() if why.startswith("the same")) == 1
    found = read_json(Path("artifacts/digits/weights/run.json"))["unlabelled"]
    assert (found["sha256"], found["count"]) == (known.sha256, known.count)

    assert few.run("dvc", "status", "ingest@digits").strip() == "Data and pipelines are up to date."
    commit(few, "trained")
    register("digits")
    _, made_of = find("digits", "1")
    assert made_of.unlabelled is not None
    assert made_of.unlabelled.kept is found["kept"]
    assert made_of.tags()["journeyman.unlabelled.folder"] == known.folder
    with worktree(made_of) as tree:
        fetch_raw(made_of, tree)
        raw = tree.project / "artifacts/digits/raw"
        manifests = ["manifest.parquet", "unlabelled_manifest.parquet"]
        assert sorted(path.name for path in raw.iterdir()) == sorted(
            ["records.parquet", "unlabelled.parquet", *manifests]
        )
        fetch_backbone(made_of, tree)
        again = ("repro", "--no-commit", "-s", "resolve@digits", "prepare@digits", "train@digits")
        status, output = dvc(*again, folder=tree.project, environment=surroundings(tree, made_of))
        assert status == 0, output
        weights = tree.project / "artifacts/digits/weights/model.safetensors"
        assert weights.read_bytes() == Path("artifacts/digits/weights/model.safetensors").read_bytes()

    folders = [Path(name) for name in ("artifacts", "data", ".dvc/cache", "log")]
    assert len(traces(folders, ids[0])) > 3
    (said,) = erase_key("digits", f"unlabelled/live/{ids[0]}.png", True).notes[:1]
    assert said.startswith(f"trained on event_id={ids[0]}: versions 1 of digits. They can no longer be rebuilt")
    assert traces(folders, ids[0]) == []
    assert traces(folders, ids[1]) != []

    (Path(FOLDER) / "again.png").unlink()
    assert "data/unlabelled" in few.run("dvc", "status", "ingest@digits")


def answered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have five pictures of noise be answered, of which the newest are learned from; return these answers' ids."""
    monkeypatch.setenv("JOURNEYMAN_LOG_DIR", str(Path("log").absolute()))
    noise = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype=np.uint8)
    work = Work("digits", "image", "classification")
    ids = work.answer(noise, ["digit-1"] * 5, NOW - DAY)
    ingest("digits")
    live = gather("digits", work.log(), NOW + DAY, ZERO)
    found = gather_unlabelled("digits", work.log(), NOW + DAY, live.manifest)
    assert found is not None
    write("digits", live, found.files())
    return ids[1:]


def test_a_check_says_what_is_wrong_with_the_folder_before_anything_is_trained(few: Project) -> None:
    assert "labels a class it is trained twice" in few.run("python", "-m", "flows.check", "digits")
    shutil.rmtree(FOLDER)
    said = few.fail("python", "-m", "flows.check", "digits")
    assert said.strip().splitlines()[-1].endswith("put pictures without labels there, or leave prepare.unlabelled out")
