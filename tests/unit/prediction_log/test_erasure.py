import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from components.prediction_log import rewriting
from components.prediction_log.compaction import compact
from components.prediction_log.description import describe
from components.prediction_log.erasure import Person, erase, find
from components.prediction_log.event_id import as_text
from components.prediction_log.identities import EVENT
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered, Label
from components.prediction_log.segment import rewrite
from components.prediction_log.writer import Writer
from tests.unit.prediction_log.test_reader import CUPS, at, everything
from tests.unit.prediction_log.test_record import answered

WHO = "o-distinctive"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log" / "cups"


def fill(folder: Path, writer: Writer, first: int, count: int = 3) -> list[Answered]:
    """Append requests of three rows, the second of which is somebody's, and labels of every sort."""
    written = []
    for number in range(first, first + count):
        record = answered(3, shape=(2,), time_us=at(number), request_id=f"r{number}")
        came = [{"owner": [f"o{row}", WHO][row == 1], "shop": 1, "number": f"n{number}-{row}"} for row in range(3)]
        record.records = [json.dumps(row).encode() for row in came]
        record.answers = [json.dumps({"label": "cup", "said": row["number"]}).encode() for row in came]
        writer.answered(record)
        written.append(record)
        events = [as_text(record.identity + row) for row in range(3)]
        writer.labelled([Label("cup", at(1), event_id=event) for event in events])
        writer.labelled([Label("cup", at(2), key=f"n{number}-{row}") for row in range(3)])
        writer.labelled([Label("cup", at(3), request_id=f"r{number}", row=1)])
    return written


def ids(folder: Path) -> set[str]:
    return {row["id"] for batch in Log.open(folder).answers(columns=["id"]) for row in batch.to_pylist()}


def holds(folder: Path, *values: str) -> list[Path]:
    """Return the files in which one of the values stands; Parquet files as their readers see them."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
        if any(value.encode() in content for value in values):
            found.append(path)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["live", "half", "compacted"])
def test_somebodys_rows_go_and_all_others_stay_while_a_worker_writes(folder: Path, moment: str) -> None:
    describe(folder, CUPS)
    written: list[Answered] = []
    if moment != "live":
        first = Writer.open(folder)
        written += fill(folder, first, 0)
        first.close()
        assert compact(folder) == 1
    writer = Writer.open(folder)
    if moment != "compacted":
        written += fill(folder, writer, 3)
    before = everything(folder)
    shutil.copytree(folder, folder.parent / "backup")
    person = Person("owner", WHO)
    assert find(folder, person) == len(written)
    assert erase(folder, person) == (len(written), 3 * len(written))
    gone = {as_text(record.identity + 1) for record in written}
    assert holds(folder, WHO, *gone, *person.keys) == []

    def left(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        others = [row for row in rows if row.get("id") not in gone and row.get("event_id") not in gone]
        return [row for row in others if row["key"] not in person.keys and ("hashes" in row or not row["request_id"])]

    after = everything(folder)
    assert after == (left(before[0]), left(before[1]), before[2], before[3])
    assert erase(folder, person) == (0, 0)
    assert find(folder, Person("owner", WHO)) == 0

    for path in (path for path in (folder.parent / "backup").rglob("*") if path.suffix in (".seg", ".parquet")):
        shutil.copy(path, folder / path.relative_to(folder.parent / "backup"))
    assert everything(folder) == after
    if moment == "compacted":
        later = answered(1, shape=(2,), records=[json.dumps({"owner": WHO}).encode()])
        writer.answered(later)
        assert as_text(later.identity) in ids(folder)


def test_by_event_and_by_key(folder: Path) -> None:
    describe(folder, CUPS)
    writer = Writer.open(folder)
    written = fill(folder, writer, 0)
    for person, gone in (
        (Person(EVENT, as_text(written[0].identity)), written[0].identity),
        (Person("number", "n1-2"), written[1].identity + 2),
    ):
        before = ids(folder)
        assert find(folder, person) == 1
        assert erase(folder, person) == (1, 2)
        assert ids(folder) == before - {as_text(gone)}
    assert find(folder, Person("number", "never")) == 0


@pytest.mark.slow
def test_one_of_very_many_rows_leaves_no_room_for_their_numbers(folder: Path) -> None:
    describe(folder, CUPS)
    writer = Writer.open(folder)
    record = answered(3_000, shape=(2,))
    record.records = [json.dumps({"owner": WHO if row == 7 else "o"}).encode() for row in range(3_000)]
    writer.answered(record)
    writer.answered(answered(1, shape=(2,), records=[b"{}"]))
    person = Person("owner", WHO)
    find(folder, person)
    before = ids(folder)
    assert erase(folder, person) == (1, 0)
    assert holds(folder, WHO) == []
    assert ids(folder) == before - {as_text(record.identity + 7)}
    writer.close()
    compact(folder)
    assert ids(folder) == before - {as_text(record.identity + 7)}


@pytest.mark.parametrize(("place", "torn"), [(0, False), (0, True), (1, True), (3, True), (6, False)])
@pytest.mark.parametrize("next_one", ["erase", "worker", "compaction"])
def test_killed_in_the_middle_no_other_row_is_lost(
    folder: Path, place: int, torn: bool, next_one: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(folder, CUPS)
    writer = Writer.open(folder)
    written = fill(folder, writer, 0)
    writer.close()
    person = Person("owner", WHO)
    find(folder, person)

    steps = iter(range(place + 1))

    def killed(path: Path, start: int, payload: bytes) -> None:
        if next(steps) < place:
            return rewrite(path, start, payload)
        if torn:
            with path.open("r+b") as file:
                file.seek(start + 20)
                file.write(b"torn")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rewriting, "rewrite", killed)
        with pytest.raises(KeyboardInterrupt):
            erase(folder, person)
    again: dict[str, Callable[[], Any]] = {
        "erase": lambda: None,
        "worker": lambda: Writer.open(folder).close(),
        "compaction": lambda: compact(folder),
    }
    again[next_one]()
    gone = {*person.keys, *person.events}
    find(folder, person := Person("owner", WHO))
    erase(folder, person)
    assert ids(folder) == {as_text(record.identity + row) for record in written for row in (0, 2)}
    assert holds(folder, WHO, *gone) == []
