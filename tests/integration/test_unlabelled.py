"""Pictures without labels, through the stages: versioned, learned from beside a twin, on record, and made again."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from components.kinds.prepared import open_prepared
from components.registry.lineage.provenance import lineage
from components.registry.rebuild.stages import fetch_raw
from components.registry.rebuild.worktree import worktree
from components.system.files import read_json
from tests.conftest import EASY, Project, commit

FOLDER = "data/unlabelled/digits"
PARAMS = (
    """\
workloads:
  digits:
    kind: image
    task: classification
    source: {source}
    prepare: {{size: 8, channels: 1, validation: 0.15, test: 0.2, unlabelled: data/unlabelled/digits}}
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


def test_a_run_versions_them_keeps_the_better_model_and_can_be_made_again(few: Project) -> None:
    said = few.run("dvc", "repro", "evaluate")
    assert "with 13" in said or "labels a class it is trained twice" in said
    assert "pictures without labels: right in" in said
    known = open_prepared(Path("artifacts/digits/prepared")).unlabelled()
    assert known is not None
    assert (known.folder, known.files) == (FOLDER, 401)
    assert sum(count for why, count in known.left_out.items() if why.startswith("the same")) == 1
    found = read_json(Path("artifacts/digits/weights/run.json"))["unlabelled"]
    assert (found["sha256"], found["count"]) == (known.sha256, known.count)

    assert few.run("dvc", "status", "ingest@digits").strip() == "Data and pipelines are up to date."
    commit(few, "trained")
    made_of = lineage("digits")
    assert made_of.unlabelled is not None
    assert made_of.unlabelled.kept is found["kept"]
    assert made_of.tags()["journeyman.unlabelled.folder"] == FOLDER
    with worktree(made_of) as tree:
        fetch_raw(made_of, tree)
        raw = tree.project / "artifacts/digits/raw"
        assert sorted(path.name for path in raw.iterdir()) == ["records.parquet", "unlabelled.parquet"]

    (Path(FOLDER) / "again.png").unlink()
    assert "data/unlabelled" in few.run("dvc", "status", "ingest@digits")


def test_a_check_says_what_is_wrong_with_the_folder_before_anything_is_trained(few: Project) -> None:
    assert "labels a class it is trained twice" in few.run("python", "-m", "flows.check", "digits")
    shutil.rmtree(FOLDER)
    said = few.fail("python", "-m", "flows.check", "digits")
    assert said.strip().splitlines()[-1].endswith("put pictures without labels there, or leave prepare.unlabelled out")
