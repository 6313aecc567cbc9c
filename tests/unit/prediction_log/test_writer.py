import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.prediction_log.compaction import compact
from components.prediction_log.description import Description, describe
from components.prediction_log.maintenance import maintained
from components.prediction_log.record import DAMAGED, Answered, Gap, Label, Labelled, Record, Refused, decode
from components.prediction_log.segment import SIZE, payloads
from components.prediction_log.writer import LogError, Writer
from tests.unit.prediction_log.test_record import answered, same

_KILLED = """
import os, signal, sys
from pathlib import Path
from components.prediction_log.writer import Writer
from tests.unit.prediction_log.test_record import answered
writer = Writer.open(Path(sys.argv[1]))
for number in range(200):
    writer.answered(answered(2, request_id=str(number)))
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def records(folder: Path) -> list[Record]:
    return [decode(payload) for path in sorted((folder / "wal").glob("*.seg")) for _, payload in payloads(path)]


def test_a_killed_writer_loses_nothing_and_the_next_one_takes_its_slot(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == [str(number) for number in range(200)]
    left = [path.stat().st_size for path in (tmp_path / "wal").iterdir()]
    assert left == [SIZE]
    writer = Writer.open(tmp_path)
    assert writer.slot == 0
    assert sum(path.stat().st_size for path in (tmp_path / "wal").iterdir()) < SIZE // 10
    writer.answered(answered(1, request_id="after"))
    found = [record.request_id for record in records(tmp_path) if isinstance(record, Answered)]
    assert found == [*map(str, range(200)), "after"]


def test_what_a_loss_of_power_left_damaged_is_told_by_who_takes_the_slot(tmp_path: Path) -> None:
    before = Writer.open(tmp_path)
    before.answered(answered(1))
    (left,) = (tmp_path / "wal").iterdir()
    with left.open("r+b") as file:
        file.seek(30)
        file.write(b"?")
    os.close(before._lock)  # as the system does when a process is gone
    writer = Writer.open(tmp_path)
    (gap,) = [record for record in records(tmp_path) if isinstance(record, Gap)]
    assert (gap.rows, gap.why) == (1, DAMAGED)
    writer.close()


def test_who_takes_a_slot_leaves_its_segments_to_an_erasure_that_is_at_work(tmp_path: Path) -> None:
    killed = Writer.open(tmp_path)
    killed.answered(answered(1))
    os.close(killed._lock)
    (left,) = (tmp_path / "wal").iterdir()
    with maintained(tmp_path):
        Writer.open(tmp_path).close()
        assert left.stat().st_size == SIZE
    Writer.open(tmp_path)
    assert left.stat().st_size < SIZE


def test_a_log_that_cannot_be_opened_takes_no_slot(tmp_path: Path) -> None:
    (tmp_path / "rewriting").mkdir()
    for _ in range(2):
        with pytest.raises(LogError, match="cannot be written"):
            Writer.open(tmp_path)
    (tmp_path / "rewriting").rmdir()
    assert Writer.open(tmp_path).slot == 0


def test_writers_at_once_have_slots_of_their_own(tmp_path: Path) -> None:
    first, second = Writer.open(tmp_path), Writer.open(tmp_path)
    assert (first.slot, second.slot) == (0, 1)
    record = answered(3)
    second.answered(record)
    second.labelled([Label("cup", 1, key="k")])
    first.close()
    assert Writer.open(tmp_path).slot == 0
    found = records(tmp_path)
    assert isinstance(found[0], Answered)
    assert same(found[0], record)
    assert found[1] == Labelled([Label("cup", 1, key="k")])


def test_a_full_segment_is_followed_by_another(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path)
    large = answered(1, shape=(1024, 1024, 5))
    for _ in range(5):
        writer.answered(large)
    names = sorted(path.name for path in (tmp_path / "wal").iterdir())
    assert len(names) == len(set(names)) == 2
    writer.close()
    assert sum(path.stat().st_size for path in (tmp_path / "wal").iterdir()) < 2 * SIZE
    assert len(records(tmp_path)) == 5


def test_a_request_larger_than_a_segment_has_one_of_its_size(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path)
    record = answered(1, shape=(4096, 4096, 2))
    writer.answered(record)
    writer.close()
    (found,) = records(tmp_path)
    assert isinstance(found, Answered)
    assert same(found, record)


def test_refusals_are_counted_and_appended_together(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path)
    for outcome in ("busy", "late", "busy"):
        writer.refused(outcome)
    writer.tick()
    writer.tick()
    (found,) = records(tmp_path)
    assert isinstance(found, Refused)
    assert found.counts == {"busy": 2, "late": 1}
    assert 0 < found.since_us <= found.until_us


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may be larger than half a segment: as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE // 2, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handled)


def test_what_finds_no_room_is_counted_and_the_log_says_so_later(tmp_path: Path, small_files: None) -> None:
    writer = Writer.open(tmp_path)
    for count in (2, 3):
        with pytest.raises(LogError, match="cannot be written"):
            writer.answered(answered(count, time_us=1_000))
    with pytest.raises(LogError):
        writer.labelled([Label("cup", 1, key="k")])
    writer.refused("busy")
    writer.tick()
    assert writer.lost == 5
    assert list((tmp_path / "wal").iterdir()) == []
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    writer._again = 0.0  # a second later
    writer.tick()
    gap, refused = records(tmp_path)
    assert isinstance(gap, Gap)
    assert (gap.since_us, gap.rows) == (1_000, 5)
    assert isinstance(refused, Refused)
    assert refused.counts == {"busy": 1}
    assert writer.lost == 0


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "cups").write_text("")
    with pytest.raises(LogError, match="cups"):
        Writer.open(tmp_path / "cups")


def test_nobody_else_may_look_into_the_log(tmp_path: Path) -> None:
    folder = tmp_path / "log" / "w"
    describe(folder, Description(workload="w", kind="table", task="detection"))
    writer = Writer.open(folder)
    writer.answered(answered(2))
    writer.close()
    assert compact(folder) == 1
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.rglob("*.parquet")]
