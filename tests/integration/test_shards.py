"""Prepared pictures in shards, in a project: what DVC takes for them, what is looked at only, and what is erased."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.config.settings import artifacts
from components.kinds.prepared import SPLITS, index_of, open_prepared
from components.kinds.shards.index import read_index
from tests.conftest import DIGITS, Project

PICTURE = Path("data/inbox/digits/digit-3/mine.png")


@pytest.fixture
def cut(new_project: Callable[..., Project], digits: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose pictures are in shards of fifty, and the test stands in it."""
    made = new_project(DIGITS.format(source=digits).replace("test: 0.2", "test: 0.2, shards: 50"))
    monkeypatch.chdir(made.path)
    made.run("dvc", "repro", "prepare@digits")
    return made


def test_the_index_is_what_dvc_knows_and_somebody_leaves_no_shard(cut: Project) -> None:
    first = named()
    assert there() == first
    assert cut.run("dvc", "repro", "prepare@digits").count("didn't change, skipping") == 3
    cut.run(sys.executable, "-m", "flows.check", "digits")
    assert there() == first
    PICTURE.parent.mkdir(parents=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)).save(PICTURE)
    cut.run("dvc", "repro", "prepare@digits")
    second = named()
    assert second != first
    assert there() == first | second
    told = cut.run(sys.executable, "-m", "flows.forget", "digits", "--key", "inbox/digit-3/mine.png")
    assert f"{len(second)} shards of pictures hold" in told or f"{len(second - first)} shards of pictures hold" in told
    told = cut.run(sys.executable, "-m", "flows.forget", "digits", "--key", "inbox/digit-3/mine.png", "--cache")
    assert "shards of prepared pictures" in told
    assert not there() & (second - first)
    cut.run("dvc", "repro", "prepare@digits")
    assert named() == first
    assert first <= there()


def test_another_machine_trains_with_the_index_and_the_address(cut: Project) -> None:
    shards = cut.path / "elsewhere"
    shutil.move("state/shards", shards)
    shutil.rmtree("artifacts/digits/raw")
    shutil.rmtree(".dvc/cache")
    told = cut.fail("dvc", "repro", "--allow-missing", "train@digits")
    assert "no such shard, and artifacts/digits/prepared/train_inputs.json names it" in told
    assert "Traceback" not in told
    cut.run("dvc", "repro", "--allow-missing", "train@digits", JOURNEYMAN_SHARDS=str(shards))
    assert (artifacts("digits", "weights") / "model.safetensors").exists()


def named() -> set[str]:
    prepared = artifacts("digits", "prepared")
    assert sum(map(len, map(open_prepared(prepared).inputs, SPLITS))) >= 600
    return {shard.name for split in SPLITS for shard in read_index(index_of(prepared, split)).shards}


def there() -> set[str]:
    return {path.name for path in Path("state/shards").glob("*.npy")}
