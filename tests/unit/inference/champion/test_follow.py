import asyncio
import logging
import re
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from components.inference.bundle import new_bundle
from components.inference.champion import follow
from components.inference.champion.cache import Champions
from components.inference.champion.follow import Follower
from components.inference.champion.published import publish
from components.inference.engine.model import Model
from tests.unit.inference.champion.test_published import contents


@dataclass
class Followed:
    """A workload `w` whose champions are published in a folder, and a worker that follows them."""

    folder: Path
    opened: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.champions = Champions(str(self.folder / "champions"), "w", self.folder / "cache")
        self.follower = Follower(self.champions, self.open, every=0.05)

    def open(self, path: Path, version: str) -> Model:
        self.opened.append(version)
        return Model.open(path, version, None)

    def publish(self, version: str) -> Path:
        bundle = self.folder / version
        if not bundle.exists():
            a_bundle(bundle, int(version))
        return self.folder / "champions" / publish(bundle, "w", version, str(self.folder / "champions")).path

    def look(self) -> list[str]:
        """Look once; return the versions that have taken over so far."""
        self.follower.look(lambda model: self.taken.append(model.version))
        return self.taken


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


@dataclass
class Clock:
    """What the follower takes for the time: it goes on when a test says so."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(follow, "time", clock)
    return clock


def test_the_pointer_is_followed_on_and_back(followed: Followed) -> None:
    assert followed.look() == []
    for version in ("1", "1", "2", "1"):
        followed.publish(version)
        followed.look()
        followed.look()
    assert followed.taken == ["1", "2", "1"]
    assert (followed.follower.swaps, followed.follower.failures) == (3, 0)


def test_what_is_taken_answers_as_what_was_published(followed: Followed) -> None:
    followed.publish("3")
    models: list[Model] = []
    followed.follower.look(models.append)
    assert models[0].version == "3"
    assert models[0].outputs(np.zeros((1, 1, 2, 1), np.uint8))[0] == pytest.approx([0.75, 0.25])


def test_the_cache_keeps_the_last_four(followed: Followed) -> None:
    for version in ("1", "2", "3", "4", "5", "2"):
        followed.publish(version)
        followed.look()
    kept = sorted(path.name.partition("-")[0] for path in (followed.folder / "cache" / "w").iterdir() if path.is_dir())
    assert kept == ["2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("corrupt", "sentence"),
    [
        (lambda path: (path / "model.onnx").unlink(), r"model\.onnx: missing"),
        (lambda path: (path / "model.onnx").write_bytes(b"junk"), r"model\.onnx: SHA-256 is"),
        (lambda path: (path / "bundle.json").write_text('{"format": 2}'), r"bundle\.json: SHA-256 is"),
    ],
)
def test_a_corrupted_bundle_is_not_taken_until_it_is_mended(
    corrupt: Callable[[Path], None], sentence: str, followed: Followed, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    followed.publish("1")
    followed.look()
    corrupt(followed.publish("2"))
    for _ in range(5):
        assert followed.look() == ["1"]
    (line,) = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert line.startswith("w: version 2 is not taken: ")
    assert line.endswith("; what is at work stays at work")
    assert re.search(sentence, line)
    followed.publish("2")
    clock.now += 0.06
    assert followed.look() == ["1", "2"]


def test_one_that_onnx_runtime_does_not_take_is_tried_ever_more_rarely(
    followed: Followed, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    followed.publish("1")
    followed.look()
    bundle = followed.folder / "2"
    with new_bundle(bundle, workload="w", kind="image", classes=("a", "b"), input=INPUT, decision={}) as draft:
        (draft / "model.onnx").write_bytes(b"no graph")
    followed.publish("2")
    for _ in range(200):
        followed.look()
        clock.now += 0.005
    assert followed.taken == ["1"]
    assert followed.opened.count("2") == 5  # after 0, 50, 150, 350 and 750 ms
    assert followed.follower.failures == followed.opened.count("2")
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    followed.publish("3")
    assert followed.look() == ["1", "3"]  # another one at once


def test_a_lack_of_memory_ends_nothing(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    def exhausted(path: Path, version: str) -> Model:
        raise MemoryError("no room for the graph")

    follower = Follower(followed.champions, exhausted, every=0.05)
    followed.publish("1")
    follower.look(lambda model: pytest.fail("taken"))
    assert "version 1 is not taken: MemoryError: no room for the graph" in caplog.text


def test_a_full_disk_ends_nothing_and_is_got_over(
    followed: Followed, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    followed.publish("1")
    followed.look()
    followed.publish("2")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        assert followed.look() == ["1"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "version 2 is not taken: " in caplog.text
    assert "File too large" in caplog.text
    clock.now += 0.06
    assert followed.look() == ["1", "2"]


def test_a_pointer_that_cannot_be_read_is_said_once(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    followed.publish("1")
    followed.look()
    pointer = followed.folder / "champions" / "w" / "champion.json"
    right = pointer.read_text()
    pointer.write_text("{")
    for _ in range(3):
        followed.look()
    pointer.unlink()
    assert followed.look() == ["1"]
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    pointer.write_text(right)
    followed.publish("2")
    assert followed.look() == ["1", "2"]


@pytest.mark.parametrize("how", ["unreadable", "gone", "unmounted"])
def test_each_loss_of_the_address_is_said_once_and_so_is_its_coming_back(
    how: str, followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    followed.publish("1")
    followed.look()
    address = followed.folder / "champions"
    pointer = address / "w" / "champion.json"
    right = pointer.read_text()
    for _ in range(2):
        caplog.clear()
        if how == "unreadable":
            pointer.write_text("{")
        elif how == "gone":
            pointer.unlink()
        else:
            address.rename(followed.folder / "away")
        for _ in range(3):
            assert followed.look() == ["1"]
        if how == "unmounted":
            (followed.folder / "away").rename(address)
        pointer.write_text(right)
        for _ in range(3):
            assert followed.look() == ["1"]
        lost, found = caplog.records
        assert (lost.levelno, found.levelno) == (logging.ERROR, logging.INFO)
        assert lost.message.endswith("; what is at work stays at work")
        assert found.message == f"w: the champion at {address} is found again"
    assert followed.follower.failures == 6


def test_where_nothing_was_published_yet_nothing_is_lost(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert followed.look() == []
    assert (caplog.records, followed.follower.failures) == ([], 0)


def test_a_bundle_that_is_refused_again_after_the_pointer_went_back_is_said_again(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    followed.publish("1")
    followed.look()
    model = followed.publish("2") / "model.onnx"
    champion = followed.folder / "champions" / "w" / "champion.json"
    second = champion.read_text()
    model.unlink()
    for _ in range(2):
        caplog.clear()
        followed.look()
        (line,) = [record.message for record in caplog.records if record.levelno == logging.ERROR]
        assert line.startswith("w: version 2 is not taken: ")
        followed.publish("1")
        followed.look()
        champion.write_text(second)
    assert followed.taken == ["1"]


def test_it_starts_with_the_champion(followed: Followed) -> None:
    assert followed.follower.first() is None
    followed.publish("1")
    model = followed.follower.first()
    assert model
    assert model.version == "1"
    assert followed.look() == []  # it is there already


@pytest.mark.parametrize("down", ["gone", "slow", "corrupted"])
def test_where_the_champion_is_not_to_be_had_it_starts_with_the_last_at_work(
    down: str, followed: Followed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    followed.publish("1")
    followed.look()
    path, address = followed.publish("2"), followed.folder / "champions"
    held, read = threading.Event(), list[str]()
    if down == "gone":
        address.rename(followed.folder / "away")
    elif down == "corrupted":
        (path / "model.onnx").unlink()
    else:
        monkeypatch.setattr(follow, "_PATIENCE", 0.1)
        monkeypatch.setattr(followed.champions.address, "read", lambda name: held.wait(30) and read.append(name))
    again = Followed(followed.folder)
    again.champions.address = followed.champions.address
    model = again.follower.first()
    assert model
    assert model.version == "1"
    assert read == []  # it did not wait for it
    held.set()
    monkeypatch.undo()
    if down != "slow":
        return
    assert again.look() == ["2"]


def test_a_thread_looks_by_itself_and_ends_when_told(followed: Followed) -> None:
    async def main() -> list[str]:
        took: list[str] = []
        followed.follower.start(lambda model: took.append(model.version), asyncio.get_running_loop())
        for version in ("1", "2"):
            followed.publish(version)
            until = time.monotonic() + 60
            while version not in took and time.monotonic() < until:
                await asyncio.sleep(0.01)
        followed.follower.stop()
        followed.publish("3")
        await asyncio.sleep(0.2)
        return took

    assert asyncio.run(main()) == ["1", "2"]
    assert "follower" not in [thread.name for thread in threading.enumerate()]


def test_two_workers_share_what_is_fetched(followed: Followed) -> None:
    other = Followed(followed.folder)
    path = followed.publish("1")
    assert followed.look() == ["1"]
    for file in path.iterdir():
        file.unlink()
    assert other.look() == ["1"]
    assert contents(followed.folder / "cache" / "w" / path.name) == contents(followed.folder / "1")


INPUT = {"height": 1, "width": 2, "channels": 1}


def a_bundle(path: Path, odds: int) -> Path:
    """Write a bundle of the workload `w` whose model finds any picture to be an `a` with odds of `odds` to one."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pictures"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["numbers", "axes"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "zero"], ["none"]),
            helper.make_node("Unsqueeze", ["none", "last"], ["column"]),
            helper.make_node("Add", ["column", "share"], ["probabilities"]),
        ],
        "constant",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["count", 1, 2, 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["count", 2])],
        [
            helper.make_tensor("axes", TensorProto.INT64, [3], [1, 2, 3]),
            helper.make_tensor("last", TensorProto.INT64, [1], [1]),
            helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
            helper.make_tensor("share", TensorProto.FLOAT, [2], [odds / (odds + 1), 1 / (odds + 1)]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    with new_bundle(path, workload="w", kind="image", classes=("a", "b"), input=INPUT, decision={}) as draft:
        onnx.save(model, draft / "model.onnx")
    return path
