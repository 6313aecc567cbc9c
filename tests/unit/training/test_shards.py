"""A training of pictures in shards: the same weights from a folder and from elsewhere, also where it was stopped."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback

from benchmarks.throttled import ThrottledStore, throttled
from components import catalogue
from components.config.errors import DataError
from components.config.params import parse
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData, index_of, open_prepared
from components.kinds.shards.index import read_index
from components.kinds.shards.written import ShardWriter
from components.training.loop import fit

pytestmark = pytest.mark.slow

OF = 25
BYTES = 128 + OF * 64
CONFIG = parse(Train, {"epochs": 3, "batch_size": 40, "width": 8, "flip": False, "checkpoint_every": 0.0}, "train.")


@pytest.fixture
def cut(pictures: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PreparedData:
    """The digits, in sixteen shards of the training split."""
    monkeypatch.setenv("JOURNEYMAN_SHARDS", str(tmp_path / "shards"))
    shutil.copytree(pictures.path, tmp_path / "cut", ignore=lambda *_: ["shards", "cut"])
    for split in ("train", "validation"):
        writer = ShardWriter(OF)
        writer.write(
            index_of(tmp_path / "cut", split),
            np.asarray(pictures.inputs(split)),
            np.arange(len(pictures.labels(split))),
        )
        (tmp_path / "cut" / f"{split}_inputs.npy").unlink()
    return open_prepared(tmp_path / "cut")


@pytest.fixture
def store(cut: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThrottledStore]:
    with throttled(tmp_path / "shards") as server:
        monkeypatch.setenv("JOURNEYMAN_SHARDS", server.address)
        monkeypatch.setenv("JOURNEYMAN_SHARD_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("JOURNEYMAN_SHARD_CACHE_BYTES", str(11 * BYTES))
        yield server


class StoppedAt(Callback):
    """Ends a training as a kill would: whatever is not kept is lost."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step == self.step:
            raise RuntimeError("killed")


def trained(data: PreparedData, checkpoint: Path | None = None, *callbacks: Callback) -> dict[str, torch.Tensor]:
    learner = catalogue.learner(data.kind, data.task)
    return fit(learner, data, CONFIG, (), checkpoint, callbacks).weights


def test_it_comes_to_the_same_wherever_they_lie_and_goes_on_after_a_kill(
    cut: PreparedData, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    expected = trained(cut)
    store: ThrottledStore = request.getfixturevalue("store")
    same(trained(cut), expected)
    assert len(set(store.served)) == 16 + 5
    with pytest.raises(RuntimeError, match="killed"):
        trained(cut, tmp_path / "last.ckpt", StoppedAt(17))
    shutil.rmtree(tmp_path / "cache")  # another machine
    same(trained(cut, tmp_path / "last.ckpt"), expected)


def test_a_wrong_shard_ends_it_in_one_line(store: ThrottledStore, cut: PreparedData) -> None:
    shard = store.folder / read_index(index_of(cut.path, "validation")).shards[3].name
    shard.write_bytes(bytes(len(shard.read_bytes())))
    with pytest.raises(DataError, match=f"{shard.name}: other bytes than the index says"):
        trained(cut)


def test_a_data_set_that_is_cut_otherwise_meanwhile_ends_it(cut: PreparedData) -> None:
    class Cuts(Callback):
        def on_train_epoch_start(self, *_: Any) -> None:
            ShardWriter(OF + 1).write(index_of(cut.path, "train"), np.zeros((400, 8, 8, 1), np.uint8), np.arange(400))

    with pytest.raises(DataError, match=r"train_inputs\.json: changed while it was learned from"):
        trained(cut, None, Cuts())


def same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name
