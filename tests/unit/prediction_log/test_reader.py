import json
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import DataError
from components.prediction_log import compaction
from components.prediction_log.compaction import compact
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import as_text
from components.prediction_log.identities import EVENT, Identities, bury
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered, Label, Unknown
from components.prediction_log.writer import Writer
from tests.conftest import ROOT
from tests.unit.prediction_log.test_record import answered

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
CUPS = Description(workload="cups", kind="table", task="detection", entities=("owner", "shop"), key="number")


def at(hours: float) -> int:
    return int((MIDNIGHT + timedelta(hours=hours)).timestamp() * 1e6)


def fill(folder: Path, hours: list[float], **changes: Any) -> list[Answered]:
    """Append a request of three rows at each of these hours from midnight on."""
    describe(folder, CUPS)
    writer, written = Writer.open(folder), []
    for index, hour in enumerate(hours):
        record = answered(3, shape=(2,), time_us=at(hour), **changes)
        came = [{"owner": f"o{row}", "shop": index, "number": f"{index}-{row}"} for row in range(3)]
        record.records = [json.dumps(row).encode() for row in came]
        writer.answered(record)
        written.append(record)
    writer.labelled([Label("cup", at(1), key="1-1", time_us=at(0)), Label(True, at(3), event_id="e")])
    writer.refused("busy")
    writer.close()
    return written


def rows(log: Log, **asked: Any) -> list[dict[str, Any]]:
    return sorted((row for batch in log.answers(**asked) for row in batch.to_pylist()), key=lambda row: row["id"])


def identities(written: list[Answered]) -> list[str]:
    return sorted(as_text(record.identity + number) for record in written for number in record.numbers)


def everything(folder: Path) -> tuple[Any, ...]:
    log = Log.open(folder)
    return rows(log), log.labels().to_pylist(), log.traffic().to_pylist(), log.days()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log" / "cups"


def test_rows_are_the_same_before_and_after_they_are_compacted(folder: Path) -> None:
    written = fill(folder, [-2, -1, 1, 5])
    before = everything(folder)
    assert compact(folder) == 1
    assert list((folder / "wal").iterdir()) == []
    assert everything(folder) == before
    assert [row["id"] for row in before[0]] == identities(written)
    assert before[3] == [date(2026, 11, 1), date(2026, 11, 2)]
    first = before[0][0]
    assert first["answer"].encode() == written[0].answers[0]
    assert first["record"].encode() == written[0].records[0]
    assert np.array_equal(np.float32(first["outputs"]), written[0].outputs[0])
    assert first["example"] == written[0].examples[0].tobytes()
    assert (first["label"], first["key"], first["row"], first["version"]) == ("cup", "0-0", 0, "12")
    assert len(first["hashes"]) == 4


def test_a_time_is_cut_out_of_both(folder: Path) -> None:
    written = fill(folder, [-2, -1, 1, 5])
    for _ in range(2):
        log = Log.open(folder)
        since, until = MIDNIGHT - timedelta(hours=1), MIDNIGHT + timedelta(hours=5)
        assert [row["id"] for row in rows(log, since=since, until=until)] == identities(written[1:3])
        assert len(log.labels(MIDNIGHT + timedelta(hours=2))) == 1
        compact(folder)


def test_columns_are_chosen(folder: Path) -> None:
    fill(folder, [1])
    compact(folder)
    fill(folder, [2])
    found = pa.Table.from_batches(Log.open(folder).answers(columns=["id", "seconds"]))
    assert found.column_names == ["id", "seconds"]
    assert len(found) == 6


def test_labels_of_some_rows_are_found_by_all_their_names(folder: Path) -> None:
    written = fill(folder, [1, 2])
    writer = Writer.open(folder)
    said = [
        Label("by id", 1, event_id=as_text(written[0].identity + 1)),
        Label("by key", 2, key="0-2"),
        Label("by request", 3, request_id=written[0].request_id, row=1),
        Label("no such row", 4, request_id=written[0].request_id, row=7),
        Label("another's", 5, event_id=as_text(written[1].identity)),
    ]
    writer.labelled(said)
    writer.close()
    for _ in range(2):
        log = Log.open(folder)
        names = ["id", "key", "request_id", "row"]
        some = pa.Table.from_batches(log.answers(until=MIDNIGHT + timedelta(hours=1.5), columns=names))
        assert log.labels(of=some)["value"].to_pylist() == ['"by id"', '"by key"', '"by request"']
        assert log.labels(of=some.slice(0, 0))["value"].to_pylist() == []
        assert len(log.labels()) == 7
        compact(folder)


def test_labels_that_name_none_of_the_rows_are_not_even_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    describe(folder, CUPS)
    written = []
    for number in range(3):
        writer = Writer.open(folder)
        writer.answered(record := answered(1, shape=(2,), records=[b"{}"]))
        writer.labelled([Label(number, number, event_id=as_text(record.identity))])
        writer.close()
        written.append(record)
        compact(folder)
    read, iter_batches = [], pq.ParquetFile.iter_batches

    def counted(file: pq.ParquetFile, *given: Any, **said: Any) -> Any:
        read.append(list(said["row_groups"]))
        return iter_batches(file, *given, **said)

    names = ["id", "key", "request_id", "row"]
    rows = pa.Table.from_batches(Log.open(folder).answers(columns=names))
    one = rows.filter(pa.compute.equal(rows["id"], as_text(written[1].identity)))
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", counted)
    assert Log.open(folder).labels(of=one.set_column(2, "request_id", pa.array(["other"])))["value"].to_pylist() == [
        "1"
    ]
    assert read == [[], [0], []]


def test_a_segment_that_is_still_written_to_is_left_and_read(folder: Path) -> None:
    describe(folder, CUPS)
    writer = Writer.open(folder)
    record = answered(3, shape=(2,), records=[b"{}"] * 3)
    writer.answered(record)
    assert compact(folder) == 0
    assert [row["id"] for row in rows(Log.open(folder))] == identities([record])
    writer.answered(later := answered(1, shape=(2,), records=[b"{}"]))
    assert [row["id"] for row in rows(Log.open(folder))] == identities([record, later])


def test_a_newer_record_is_kept_and_told_and_stops_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(folder, [1])
    writer = Writer.open(folder)
    writer.answered(answered(1, shape=(2,), records=[b"{}"]))
    writer.append(Unknown(b"\x01\x02" + bytes(40)))
    writer.close()
    fill(folder, [2])
    before = everything(folder)
    assert compact(folder) == 2
    assert "1 records are of a newer version" in caplog.text
    assert len(list((folder / "wal").iterdir())) == 1
    assert everything(folder) == before
    assert [len(batch) for batch in Log.open(folder).answers()]


def test_a_damaged_record_leaves_a_gap(folder: Path) -> None:
    first, _ = fill(folder, [1, 2])
    (segment,) = (folder / "wal").iterdir()
    with segment.open("r+b") as file:
        file.seek(60)
        file.write(b"?")
    assert compact(folder) == 1
    gaps = [row for row in Log.open(folder).traffic().to_pylist() if row["what"] == "gap"]
    assert [(row["name"], row["count"]) for row in gaps] == [("damaged on the disk", 1)]
    assert not set(identities([first])) & {row["id"] for row in rows(Log.open(folder))}


@pytest.mark.parametrize("step", range(5))
def test_killed_anywhere_it_comes_to_the_same(folder: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(folder, [-2, 1])
    expected, steps = everything(folder), iter(range(step + 1))

    def until_killed(work: Callable[..., Any]) -> Callable[..., Any]:
        def begin(*given: Any, **named: Any) -> Any:
            if next(steps) == step:
                raise KeyboardInterrupt
            return work(*given, **named)

        return begin

    monkeypatch.setattr(compaction.pq, "write_table", until_killed(pq.write_table))
    monkeypatch.setattr(compaction, "entries_to_disk", until_killed(compaction.entries_to_disk))
    with pytest.raises(KeyboardInterrupt):
        compact(folder)
    assert everything(folder) == expected
    monkeypatch.undo()
    assert compact(folder) == 1
    assert compact(folder) == 0
    assert everything(folder) == expected


def test_two_at_once_do_it_once(folder: Path) -> None:
    written = fill(folder, [1] * 50)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(compact(folder))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1
    assert [row["id"] for row in rows(Log.open(folder))] == identities(written)


@pytest.mark.parametrize("column", ["owner", "number", EVENT])
def test_what_is_buried_does_not_come_back(folder: Path, column: str, tmp_path: Path) -> None:
    written = fill(folder, [1, 2])
    shutil.copytree(folder, tmp_path / "backup")
    gone = {"owner": "o1", "number": "1-1", EVENT: as_text(written[1].identity + 1)}[column]
    left = {"owner": 4}.get(column, 5)
    compact(folder)
    bury(folder, [Identities(folder).hash(column, gone)])
    assert len(rows(Log.open(folder))) == left
    for name in ("wal", "slots"):
        shutil.copytree(tmp_path / "backup" / name, folder / name, dirs_exist_ok=True)
    assert len(rows(Log.open(folder))) == left
    compact(folder)
    found = rows(Log.open(folder))
    assert len(found) == left
    assert gone not in [row["key"] for row in found] + [row["id"] for row in found]
    if column == "number":
        assert [label["key"] for label in Log.open(folder).labels().to_pylist()] == [None]


def test_the_page_shows_how_polars_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("state/log/garments")
    fill(folder, [-1, 1, 2])
    compact(folder)
    page = (ROOT / "docs/prediction-log.md").read_text()
    first, second = page.partition("```python\n")[2].partition("\n```")[0].splitlines()
    names: dict[str, Any] = {"pl": pl}
    exec(first, names)
    found = eval(second, names)
    assert found.rows() == [(date(2026, 11, 1), "12", "cup", 3), (date(2026, 11, 2), "12", "cup", 6)]


def test_without_a_log_it_says_what_writes_one(folder: Path) -> None:
    assert compact(folder) == 0
    with pytest.raises(DataError, match="JOURNEYMAN_LOG"):
        Log.open(folder)


def test_another_workloads_log_is_named(folder: Path) -> None:
    describe(folder, CUPS)
    with pytest.raises(DataError, match="the log of cups"):
        describe(folder, CUPS.model_copy(update={"workload": "mugs"}))
