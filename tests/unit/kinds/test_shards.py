"""Examples in shards: the same as in one array, in an order that needs few of them at once, wherever they lie."""

import logging
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.throttled import ThrottledStore, throttled
from components.config.errors import ConfigError, DataError
from components.kinds.image.learner.augment import Augmentation
from components.kinds.image.learner.batches import TrainingBatches
from components.kinds.shards import reader
from components.kinds.shards.array import open_sharded
from components.kinds.shards.files import LEAST, ShardFiles
from components.kinds.shards.index import read_index
from components.kinds.shards.order import WINDOW, shard_order
from components.kinds.shards.written import ShardWriter
from components.kinds.share import Share
from tests.conftest import ROOT
from tests.servers import wait_for

COUNT, OF = 205, 10
PICTURES: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (COUNT, 6, 6, 1), dtype=np.uint8)
LABELS = np.arange(COUNT, dtype=np.int64)
SIZE = 128 + OF * 36
"""Bytes of a shard: numpy's header, and the pictures."""
CACHE = 12 * SIZE

READ = """
import sys
from pathlib import Path
from components.kinds.shards.array import open_sharded
open_sharded(Path(sys.argv[1]))[:]
"""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The index of the pictures, whose 21 shards lie in a folder."""
    monkeypatch.setenv("JOURNEYMAN_SHARDS", str(tmp_path / "shards"))
    ShardWriter(OF).write(tmp_path / "train_inputs.json", PICTURES, np.arange(COUNT))
    return tmp_path / "train_inputs.json"


@pytest.fixture
def store(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThrottledStore]:
    """A server of that folder, at which they are looked for; the cache has room for twelve of them."""
    with throttled(tmp_path / "shards") as server:
        monkeypatch.setenv("JOURNEYMAN_SHARDS", server.address)
        monkeypatch.setenv("JOURNEYMAN_SHARD_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("JOURNEYMAN_SHARD_CACHE_BYTES", str(CACHE))
        yield server


def cached(index: Path) -> list[Path]:
    return sorted(index.with_name("cache").glob("*.npy"))


def size_of_cache(index: Path) -> int:
    found = 0
    for path in cached(index):
        with suppress(FileNotFoundError):  # it has made room meanwhile
            found += path.stat().st_size
    return found


def batches(index: Path, batch: int = 20) -> TrainingBatches:
    pictures = open_sharded(index)
    return TrainingBatches(pictures, LABELS, batch, 7, Augmentation(True, 2, 0.5))  # type: ignore[arg-type]


@pytest.mark.parametrize("where", ["folder", "elsewhere"])
def test_they_are_read_as_one_array(where: str, index: Path, request: pytest.FixtureRequest) -> None:
    if where == "elsewhere":
        request.getfixturevalue("store")
    found = open_sharded(index)
    assert (found.shape, found.dtype, found.ndim, found.size) == (PICTURES.shape, PICTURES.dtype, 4, PICTURES.size)
    random = np.random.default_rng(1).permutation(COUNT)[:50]
    keys: list[Any] = [0, -1, slice(7, 48), slice(None, None, 20), slice(190, 7, -9), random, LABELS % 3 == 0, [], 204]
    for key in keys:
        assert np.array_equal(found[key], PICTURES[key])
    assert np.array_equal(np.asarray(found), PICTURES)
    assert np.array_equal(np.concatenate([found, PICTURES]), np.concatenate([PICTURES, PICTURES]))
    assert sum(1 for _ in found) == COUNT
    with pytest.raises(IndexError):
        found[COUNT]


def test_an_order_has_each_example_once_and_comes_to_few_shards_at_a_time(index: Path) -> None:
    about = read_index(index)
    orders = [shard_order(about, 3, epoch) for epoch in (0, 1, 0)]
    assert np.array_equal(orders[0].rows, orders[2].rows)
    assert not np.array_equal(orders[0].rows, orders[1].rows)
    for order in orders[:2]:
        assert sorted(order.rows) == list(range(COUNT))
        of = order.rows[: WINDOW * OF - OF] // OF  # a window; the last shard is a smaller one
        assert set(of) == set(order.shards[:WINDOW])
        assert not np.array_equal(of, np.sort(of))  # they are mixed


def test_a_training_gets_the_same_batches_from_a_folder_and_from_elsewhere(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    here = [batch for of in [batches(index)] for _ in range(3) for batch in of]
    assert sorted(torch.cat([labels for _, labels in here[: len(here) // 3]]).tolist()) == list(range(COUNT))
    store: ThrottledStore = request.getfixturevalue("store")
    there = batches(index)
    shares = [batches(index), batches(index)]
    for rank, share in enumerate(shares):
        share.share = Share(rank, 2)
    for _ in range(3):
        for (pictures, labels), first, second in zip(there, *shares, strict=True):
            expected, known = here.pop(0)
            assert torch.equal(pictures, expected)
            assert torch.equal(labels, known)
            assert torch.equal(torch.cat([first[0], second[0]]), expected)  # of two processes
            assert size_of_cache(index) <= CACHE
    assert not here
    assert len(store.served) > 21  # the cache is too small for all


def test_a_training_goes_on_where_it_stood(store: ThrottledStore, index: Path) -> None:
    whole = batches(index)
    expected = [batch for _ in range(2) for batch in whole]
    first = batches(index)
    for _, _ in zip(range(17), (batch for _ in range(2) for batch in first), strict=False):
        pass
    second = batches(index)
    second.load_state_dict(first.state_dict())
    for (pictures, labels), (known, known_labels) in zip(second, expected[first.position + len(first) :], strict=True):
        assert torch.equal(pictures, known)
        assert torch.equal(labels, known_labels)


def test_it_begins_before_the_last_byte_is_there(store: ThrottledStore, index: Path) -> None:
    store.held_from = WINDOW + 1  # a first batch needs a window's shards, and what of a shard is measured
    store.let_through.clear()
    learned = batches(index)
    assert len(next(iter(learned))[1]) == len(LABELS) // len(learned)
    assert len(cached(index)) <= WINDOW + 1
    store.let_through.set()
    assert len(list(learned)) == len(learned) - 1


@pytest.mark.parametrize("how", ["answers 503", "says nothing"])
def test_a_store_that_is_away_is_waited_for_in_one_line(
    how: str,
    store: ThrottledStore,
    index: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    if how == "answers 503":
        monkeypatch.setattr(reader, "_PAUSES", (0.02, 0.05))
        store.status = 503
    else:
        monkeypatch.setattr(reader, "_PATIENCE", 0.05)
        store.let_through.clear()
    found: list[NDArray[np.uint8]] = []
    array = open_sharded(index)
    reading = threading.Thread(target=lambda: found.append(array[:5]), daemon=True)
    reading.start()
    wait_for(lambda: len(store.served) > 4 or store.status == 200, 60)
    wait_for(lambda: "waiting for a shard" in caplog.text, 60)
    store.status = 200
    store.let_through.set()
    reading.join(60)
    assert np.array_equal(found[0], PICTURES[:5])
    told = [record.getMessage() for record in caplog.records if "waiting" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("JOURNEYMAN_SHARDS: waiting for a shard: ")
    assert ("503" if how == "answers 503" else "is slow") in told[0]
    assert "going on after" in caplog.text


@pytest.mark.parametrize("where", ["folder", "elsewhere"])
@pytest.mark.parametrize("what", ["other bytes", "cut off", "gone"])
def test_a_shard_that_is_wrong_is_told_in_one_line(
    where: str, what: str, index: Path, request: pytest.FixtureRequest
) -> None:
    path = index.with_name("shards") / read_index(index).shards[2].name
    content = path.read_bytes()
    if where == "elsewhere":
        request.getfixturevalue("store")
    if what == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-1] + (b"" if what == "cut off" else bytes([content[-1] ^ 1])))
    with pytest.raises(
        DataError, match=f"{path.name}: {'no such shard' if what == 'gone' else 'other bytes'}"
    ) as error:
        open_sharded(index)[:40]
    assert "\n" not in str(error.value)
    assert "dvc repro --force" in str(error.value)
    assert path.name not in [each.name for each in cached(index)]


def test_a_shard_of_the_cache_that_is_wrong_is_fetched_again(store: ThrottledStore, index: Path) -> None:
    open_sharded(index)[:5]
    (path,) = [each for each in cached(index) if each.name == read_index(index).shards[0].name]
    content = path.read_bytes()
    path.write_bytes(bytes(len(content)))
    assert np.array_equal(open_sharded(index)[:5], PICTURES[:5])
    assert path.read_bytes() == content
    assert store.served.count(path.name) == 2


def test_a_cache_that_is_cleared_away_under_a_training_is_filled_again(store: ThrottledStore, index: Path) -> None:
    array = open_sharded(index)
    assert np.array_equal(array[:5], PICTURES[:5])
    shutil.rmtree(index.with_name("cache").rename(index.with_name("cleared")))
    assert np.array_equal(array[:], PICTURES)


def test_a_shard_that_goes_before_it_is_mapped_is_fetched_again(
    store: ThrottledStore, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, gone = ShardFiles.open, list[Path]()

    def opens(files: ShardFiles, number: int, needed: bool) -> IO[bytes] | None:
        file = opened(files, number, needed)
        if file and not gone:
            gone.append(Path(file.name))
            gone[0].unlink()
        return file

    monkeypatch.setattr(reader, "_PAUSES", (0.01, 0.01))
    monkeypatch.setattr(ShardFiles, "open", opens)
    assert np.array_equal(open_sharded(index)[:5], PICTURES[:5])
    assert gone


def test_a_full_disk_under_the_cache_is_told_in_one_line(store: ThrottledStore, index: Path) -> None:
    """Not waited for, as a store is that is away."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({SIZE - 1}, {SIZE - 1}))\n{READ}"
    done = subprocess.run([sys.executable, "-c", limited, index], cwd=ROOT, capture_output=True, text=True, timeout=120)
    told = f"DataError: JOURNEYMAN_SHARD_CACHE: {index.with_name('cache')}: File too large; make room there, or set"
    assert told in done.stderr
    assert cached(index) == []


def test_shards_that_go_while_room_is_made_are_no_trouble(
    store: ThrottledStore, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, glob = open_sharded(index), Path.glob

    def of_before(folder: Path, pattern: str) -> list[Path]:
        paths = list(glob(folder, pattern))
        return [*paths, folder / "gone.npy"] if pattern == "*.npy" else paths

    monkeypatch.setattr(Path, "glob", of_before)
    assert np.array_equal(found[:], PICTURES)


def test_what_another_reads_stays_in_the_cache(store: ThrottledStore, index: Path) -> None:
    other = open_sharded(index)
    held = other[:5]
    shard = read_index(index).shards[0].name
    open_sharded(index)[:]
    assert np.array_equal(other[:5], held)
    assert store.served.count(shard) == 1


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "JOURNEYMAN_SHARD_CACHE_BYTES",
            str(LEAST * SIZE - 1),
            f"{LEAST} shards of {SIZE} bytes have to be here",
        ),
        ("JOURNEYMAN_SHARD_CACHE_BYTES", "10²", "is '10²': expected a count of bytes"),
        ("JOURNEYMAN_SHARD_CACHE_BYTES", "10 GB", "is '10 GB': expected a count of bytes"),
        ("JOURNEYMAN_SHARD_CACHE", "/proc/nothing", "JOURNEYMAN_SHARD_CACHE: /proc/nothing cannot be written"),
        ("JOURNEYMAN_SHARDS", "ftpp://host/shards", "ftpp://host/shards: Protocol not known"),
        ("JOURNEYMAN_SHARDS", "shards", "name the directory by its whole path"),
    ],
)
def test_a_wrong_setting_is_told_before_anything_is_fetched(
    variable: str, value: str, sentence: str, store: ThrottledStore, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=sentence):
        open_sharded(index)
    assert not store.served


def test_files_that_are_open_are_few_however_many_shards_there_are(
    store: ThrottledStore, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ShardFiles(read_index(index), index).ahead == 12 - 2
    monkeypatch.setenv("JOURNEYMAN_SHARD_CACHE_BYTES", "1000000")
    assert ShardFiles(read_index(index), index).ahead == 64


def test_what_is_no_index_is_told(tmp_path: Path) -> None:
    (tmp_path / "train_inputs.json").write_text('{"shape": [3, 6, 6, 1]}')
    with pytest.raises(DataError, match=r"train_inputs\.json: not readable"):
        open_sharded(tmp_path / "train_inputs.json")


def test_shards_that_are_there_are_not_written_again(index: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in index.with_name("shards").glob("*.npy")}
    assert len(before) == 21
    first = index.read_bytes()
    ShardWriter(OF).write(index, PICTURES, np.arange(COUNT))
    assert index.read_bytes() == first
    assert {path: path.stat().st_mtime_ns for path in index.with_name("shards").glob("*.npy")} == before


def test_nothing_is_written_where_nothing_can_be(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYMAN_SHARDS", "/proc/nothing")
    with pytest.raises(ConfigError, match="JOURNEYMAN_SHARDS: /proc/nothing cannot be written"):
        ShardWriter(OF)


def test_a_kill_in_the_midst_of_a_shard_leaves_nothing_of_it(store: ThrottledStore, index: Path) -> None:
    store.rate = 1_000
    process = subprocess.Popen([sys.executable, "-c", READ, index], cwd=ROOT)
    try:
        wait_for(lambda: process.poll() is not None or any(index.parent.glob("cache/.*.draft-*/*.npy")), 60)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    names = {shard.name: shard.bytes for shard in read_index(index).shards}
    assert all(path.stat().st_size == names[path.name] for path in cached(index))
    assert any(index.parent.glob("cache/.*.draft-*"))
    store.rate = float("inf")
    found = open_sharded(index)
    assert not any(index.parent.glob("cache/.*.draft-*"))
    assert np.array_equal(found[:], PICTURES)


def test_an_array_that_nobody_has_any_more_holds_nothing(store: ThrottledStore, index: Path) -> None:
    before = set(threading.enumerate())
    array = open_sharded(index)
    array[:5]
    (thread,) = [each for each in set(threading.enumerate()) - before if each.name == "shards"]
    del array
    thread.join(60)
    assert not thread.is_alive()
