import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.config.errors import DataError
from components.config.settings import LIVE, artifacts, live_before
from components.data.ingest import MANIFEST, ingest
from components.erasure.live import erase_from_live
from components.prediction_log.identities import EVENT
from components.retraining.attempt import learning_from, put_back
from components.retraining.manifest import gather
from tests.unit.retraining.test_manifest import DAY, NOW, ZERO, Work, cups, project

__all__ = ["cups", "project"]

State = Sequence[tuple[str, bytes]]


def test_killed_before_any_step_the_next_run_comes_to_the_same(cups: Work) -> None:
    answered(cups, 4)
    attempt()
    answered(cups, 6)
    before = state()
    assert killed(attempt, None) == 0
    wanted = state()
    assert wanted != before
    for step in range(50):
        restore(before)
        if not (status := killed(attempt, step)):
            break
        assert status == -signal.SIGKILL
        attempt()
        assert state() == wanted, step
    assert 4 < step < 50
    assert state() == wanted


def test_what_fails_leaves_what_was_there_and_a_run_beside_it_touches_nothing(cups: Work) -> None:
    answered(cups, 4)
    live = gather("cups", cups.log(), NOW + DAY, ZERO)
    with pytest.raises(DataError), learning_from("cups", live):
        assert (LIVE / "cups").exists()
        put_back("cups")  # of a dry run
        assert (LIVE / "cups").exists()
        raise DataError("it cannot be trained")
    assert not (LIVE / "cups").exists()
    attempt()
    before = state()
    answered(cups, 6)
    with pytest.raises(KeyboardInterrupt), learning_from("cups", gather("cups", cups.log(), NOW + DAY, ZERO)):
        raise KeyboardInterrupt
    assert state() == before
    assert not live_before("cups").exists()


def test_who_is_erased_meanwhile_does_not_come_back(cups: Work) -> None:
    (gone, *_) = answered(cups, 4)
    attempt()
    with pytest.raises(DataError), learning_from("cups", gather("cups", cups.log(), NOW + DAY, ZERO)):
        assert sum(each.count for each in erase_from_live("cups", EVENT, gone)) == 2
        raise DataError("it cannot be trained")
    assert gone not in pq.read_table(LIVE / "cups" / MANIFEST)["id"].to_pylist()


def attempt() -> None:
    """Learn from what is answered, as `flows.retrain` does; the training is its first stage."""
    put_back("cups")
    log = Work("cups", "image", "classification").log()
    with learning_from("cups", gather("cups", log, NOW + DAY, ZERO)):
        ingest("cups")


def answered(work: Work, count: int) -> list[str]:
    pictures = np.random.default_rng(count).integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)
    ids = work.answer(pictures, ["cup"] * count, NOW - DAY)
    work.label(ids, "cup")
    return ids


def state() -> State:
    """Return the files that decide what is trained next."""
    folders = (LIVE / "cups", live_before("cups"), artifacts("cups", "raw"))
    files = [*(path for folder in folders for path in sorted(folder.glob("*"))), Path("state/retrain/cups.parquet")]
    return [(str(path), path.read_bytes()) for path in files if path.exists()]


def restore(files: State) -> None:
    for path, _ in state():
        Path(path).unlink()
    for path, content in files:
        Path(path).write_bytes(content)


def killed(work: Callable[[], None], before: int | None) -> int:
    """Run `work` in a process that is killed before it moves its file or folder number `before` to its place."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen = 0

    def step(event: str, _: object) -> None:
        nonlocal seen
        if event in ("os.rename", "shutil.rmtree"):
            if seen == before:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

    status = 1
    try:
        sys.addaudithook(step)
        work()
        status = 0
    finally:
        os._exit(status)
