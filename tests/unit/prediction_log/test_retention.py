import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.prediction_log.compaction import compact
from components.prediction_log.description import Description, describe
from components.prediction_log.maintenance import maintained
from components.prediction_log.parquet_footer import row_count
from components.prediction_log.reader import Log
from components.prediction_log.record import Label
from components.prediction_log.retention import AGE, BYTES, retain
from components.prediction_log.writer import LogError, Writer
from tests.unit.prediction_log.test_record import answered

DAY = 86_400
NOON = 1_790_000_000 // DAY * DAY + DAY // 2
ROW = 100_000  # bytes of a row, which nothing makes smaller


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log" / "cups"


class Clock:
    """The time as the log sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def set(self, days: float) -> None:
        self._monkeypatch.setattr(time, "time_ns", lambda: int((NOON + days * DAY) * 1e9))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def keep(folder: Path, **limits: int) -> None:
    describe(folder, Description(workload="cups", kind="image", task="classification", **limits))


def fill(folder: Path, rows: int, **said: Any) -> None:
    """Append a request of so many rows, and a label, into a segment of its own."""
    writer = Writer.open(folder)
    example = np.random.default_rng(rows).integers(0, 255, (rows, ROW)).astype(np.uint8)
    writer.answered(answered(rows, records=False, examples=example, time_us=time.time_ns() // 1_000, **said))
    writer.labelled([Label("cup", time.time_ns() // 1_000, key=f"of {rows}")])
    writer.close()


def gaps(folder: Path) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in Log.open(folder).traffic().to_pylist():
        assert row["what"] == "gap"
        found[row["name"]] += row["count"]
    return found


def counts(folder: Path) -> Iterator[int]:
    """The numbers of rows of the requests that are left."""
    ids = [row["request_id"] for batch in Log.open(folder).answers() for row in batch.to_pylist()]
    return (ids.count(name) for name in sorted(set(ids)))


@pytest.mark.parametrize("compacted", [False, True])
def test_the_oldest_go_by_age_and_are_counted(folder: Path, clock: Clock, compacted: bool) -> None:
    keep(folder, days=10)
    for day, rows in ((0, 3), (5, 2), (12, 1)):
        clock.set(day)
        fill(folder, rows, request_id=str(rows))
        if compacted:
            compact(folder)
    expected = 0 if compacted else 3  # compaction has done it already
    assert retain(folder) == expected
    assert retain(folder) == 0
    assert list(counts(folder)) == [1, 2]
    assert gaps(folder) == {AGE: 3}
    assert [label["key"] for label in Log.open(folder).labels().to_pylist()] == ["of 2", "of 1"]
    assert len(list(folder.glob("day=*"))) == (2 if compacted else 0)


@pytest.mark.parametrize("compacted", [False, True])
def test_the_oldest_go_by_bytes_and_their_labels_stay(folder: Path, clock: Clock, compacted: bool) -> None:
    keep(folder, bytes=8 * ROW)
    for day in range(6):
        clock.set(day)
        fill(folder, day + 1, request_id=str(day))
        if compacted:
            compact(folder)
    retain(folder)
    assert retain(folder) == 0
    assert list(counts(folder)) == [6]
    assert gaps(folder) == {BYTES: 15}
    assert sorted(label["key"] for label in Log.open(folder).labels().to_pylist()) == [f"of {n}" for n in range(1, 7)]
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.suffix in (".seg", ".parquet")) < 8 * ROW


def test_all_that_is_dropped_one_after_another_is_in_the_gaps(folder: Path, clock: Clock) -> None:
    keep(folder, bytes=8 * ROW)
    for day in range(12):
        clock.set(day)
        fill(folder, 3, request_id=f"{day:02d}")
        retain(folder)
    assert sum(counts(folder)) + gaps(folder)[BYTES] == 36
    assert len(list((folder / "slots").iterdir())) <= 2
    compact(folder)
    assert sum(counts(folder)) + gaps(folder)[BYTES] == 36


def test_labels_alone_are_not_appended_again_and_again(folder: Path) -> None:
    keep(folder, bytes=100)
    writer = Writer.open(folder)
    writer.labelled([Label("cup", 1, key="k" * 200)])
    writer.close()
    before = sorted(folder.rglob("*.seg"))
    assert retain(folder) == 0
    assert sorted(folder.rglob("*.seg")) == before


def test_what_is_appended_to_is_left(folder: Path) -> None:
    keep(folder, bytes=1)
    writer = Writer.open(folder)
    writer.answered(answered(2))
    assert retain(folder) == 0
    assert list(counts(folder)) == [2]


def test_while_another_process_is_at_it_nothing_is_done(folder: Path) -> None:
    keep(folder, bytes=1)
    fill(folder, 2)
    with maintained(folder) as alone:
        assert alone
        assert retain(folder) == 0
    assert retain(folder) == 2


def test_nothing_goes_where_its_gap_finds_no_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(folder, bytes=1)
    fill(folder, 2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(LogError, match="No space"):
        retain(folder)
    assert list(counts(folder)) == [2]


def test_a_segment_is_closed_when_its_day_is_over(folder: Path, clock: Clock) -> None:
    keep(folder)
    clock.set(0)
    writer = Writer.open(folder)
    writer.answered(answered(2))
    writer.tick()
    clock.set(0.6)
    writer.tick()
    writer.answered(answered(1))
    writer.flush()
    assert len(list((folder / "wal").iterdir())) == 2
    assert compact(folder) == 1


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 10_000])
def test_a_footer_has_its_number_of_rows(tmp_path: Path, rows: int) -> None:
    columns = {f"c{number}": pa.array([[number]] * rows, pa.list_(pa.float32())) for number in range(20)}
    table = pa.table(columns | {"t": pa.array([0] * rows, pa.timestamp("us", "UTC"))})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=1_000)
    assert row_count(tmp_path / "t.parquet") == rows


@pytest.mark.parametrize("content", [b"", b"PAR1" * 4, bytes(100) + b"\xff\0\0\0PAR1", b"\1" * 90 + b"\x20\0\0\0PAR1"])
def test_what_is_no_parquet_file_has_no_rows(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.parquet").write_bytes(content)
    assert row_count(tmp_path / "t.parquet") == 0
