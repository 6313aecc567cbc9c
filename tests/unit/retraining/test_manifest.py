"""Answers of a real log become records of a real source, which real stages ingest and prepare."""

import csv
import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from components import catalogue
from components.config.errors import DataError
from components.config.settings import LIVE, artifacts
from components.data.ingest import MANIFEST, RECORDS, ingest
from components.data.prepare import write_prepared
from components.erasure.live import erase_from_live
from components.kinds.prepared import PreparedData, open_prepared
from components.prediction_log.description import Description, describe
from components.prediction_log.erasure import Person, erase
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.identities import EVENT
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered, Label, Origin
from components.prediction_log.writer import Writer
from components.retraining.manifest import Live, first_left, gather, learnt_until, note_learnt, write

NOW = datetime.now(UTC)
DAY, ZERO = timedelta(days=1), timedelta(0)
PARAMS = """
workloads:
  cups:
    kind: image
    source: pictures
    prepare: {size: 8, channels: 1, background: 0, validation: 0.2, test: 0.3}
    train: {recipe: quick}
  shop:
    kind: table
    source: shop.csv
    prepare:
      columns: {label: paid, time: time, id: id}
      entities: {customer: {days: [1], measures: [count]}}
      delay: 0
      split: {train: 4, validation: 2, test: 2}
      history: endpoint
    train: {epochs: 1, batch_size: 8}
"""
_IDS = EventIds()


class Work:
    """The log of a workload."""

    def __init__(self, name: str, kind: str, task: str, **more: Any) -> None:
        self.folder = Path("log") / name
        describe(self.folder, Description(workload=name, kind=kind, task=task, **more))
        self.writer = Writer.open(self.folder)

    def answer(
        self,
        examples: Any,
        named: Sequence[str],
        when: datetime,
        records: Sequence[Any] = (),
        origin: Origin = "caller",
    ) -> list[str]:
        identity, count = _IDS.new(), len(examples)
        said = [json.dumps({"label": name}).encode() for name in named]
        sent = [json.dumps(record).encode() for record in records]
        outputs = np.zeros((count, 2), dtype=np.float32)
        time = int(when.timestamp() * 1e6)
        self.writer.answered(Answered(identity, time, 0.01, "3", "r", outputs, examples, said, sent, origin=origin))
        return [as_text(identity + row) for row in range(count)]

    def label(self, ids: Sequence[str], value: Any, source: str = "caller", when: datetime = NOW) -> None:
        self.writer.labelled([Label(value, int(when.timestamp() * 1e6), event_id=name, source=source) for name in ids])

    def log(self) -> Log:
        return Log.open(self.folder)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JOURNEYMAN_LOG_DIR", str(tmp_path / "log"))
    Path("params.yaml").write_text(PARAMS)
    catalogue.workload.cache_clear() if hasattr(catalogue.workload, "cache_clear") else None


@pytest.fixture
def cups() -> Work:
    random = np.random.default_rng(0)
    for label in ("cup", "plate"):
        Path("pictures", label).mkdir(parents=True)
        for index in range(20):
            Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).save(
                Path("pictures", label, f"{index}.png")
            )
    ingest("cups")
    return Work("cups", "image", "classification")


@pytest.fixture
def shop() -> Work:
    random = np.random.default_rng(0)
    with Path("shop.csv").open("w", newline="") as file:
        written = csv.writer(file)
        written.writerow(["id", "time", "customer", "amount", "paid"])
        for number in range(240):
            moment = NOW.replace(tzinfo=None) - timedelta(days=14) + timedelta(hours=number)
            row = [
                number,
                moment.isoformat(timespec="seconds"),
                number % 7,
                round(random.gamma(2, 9), 2),
                number % 3 % 2,
            ]
            written.writerow(row)
    ingest("shop")
    return Work("shop", "table", "detection", entities=("customer",), key="id")


def pictures(count: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)


def prepared(name: str) -> PreparedData:
    ingest(name)
    out = Path("out", name)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    write_prepared(catalogue.workload(name), artifacts(name, "raw") / RECORDS, out, Path("schema.yaml"))
    return open_prepared(out)


def test_labelled_pictures_are_learnt_from_and_some_go_to_the_test_split(cups: Work) -> None:
    before = prepared("cups").counts
    seen = pictures(60)
    ids = cups.answer(seen, ["cup"] * 60, NOW - DAY)
    cups.answer(pictures(9, seed=2), ["cup"] * 9, NOW - DAY)  # nobody says what they are
    page = cups.answer(pictures(9, seed=3), ["cup"] * 9, NOW - DAY, origin="page")
    cups.label(ids[:40], "plate")
    cups.label([*ids[40:], *page], "cup", "alice")
    live = gather("cups", cups.log(), NOW + DAY, ZERO)
    assert live.labelled == len(live.manifest) == len(live.new) == 60
    assert live.sources() == {"caller": 40, "alice": 20}
    write("cups", live)
    data = prepared("cups")
    moved = {split: data.counts[split] - before[split] for split in data.counts}
    assert sum(moved.values()) == 60
    assert all(moved.values())
    known = {picture.tobytes() for picture in seen}
    of_split = {
        split: {row.tobytes() for row in data.inputs(split)} & known for split in ("train", "validation", "test")
    }
    assert sum(map(len, of_split.values())) == 60
    assert not of_split["train"] & of_split["test"]  # what the gate measures was not learnt
    table = pq.read_table(artifacts("cups", "raw") / RECORDS).slice(40).to_pylist()
    assert [row["name"] for row in table] == [f"inbox/live/{name}.png" for name in sorted(ids)]
    assert (artifacts("cups", "raw") / MANIFEST).read_bytes() == (LIVE / "cups" / MANIFEST).read_bytes()


def test_only_what_is_new_counts_and_what_the_log_dropped_is_kept(cups: Work) -> None:
    ids = cups.answer(pictures(6), ["cup"] * 6, NOW - DAY)
    cups.label(ids[:4], "cup")
    live = gather("cups", cups.log(), NOW + DAY, ZERO)
    write("cups", live)
    assert len(gather("cups", cups.log(), NOW + DAY, ZERO).new) == 4  # the training was cut short
    note_learnt("cups", live)
    assert len(gather("cups", cups.log(), NOW + DAY, ZERO).new) == 0
    cups.label(ids[3:5], "plate", "bob")  # one is corrected, one is new
    again = gather("cups", cups.log(), NOW + DAY, ZERO)
    assert sorted(again.new["id"].to_pylist()) == sorted(ids[3:5])
    cups.label(ids[:1], "")  # somebody takes a label back
    assert gather("cups", cups.log(), NOW + DAY, ZERO).labelled == 4
    erase(cups.folder, Person(EVENT, ids[1]))
    empty = Work("else", "image", "classification")
    kept = gather("cups", empty.log(), NOW + DAY, ZERO)
    assert sorted(kept.manifest["id"].to_pylist()) == sorted(ids[:4])
    assert [each.count for each in erase_from_live("cups", "name", ids[1])] == [1]
    assert sorted(gather("cups", empty.log(), NOW + DAY, ZERO).manifest["id"].to_pylist()) == sorted(
        [ids[0], *ids[2:4]]
    )


@pytest.mark.parametrize("hours", [0, 1, 24, 30, 47])
def test_from_when_on_nothing_is_taken(cups: Work, hours: int) -> None:
    delay = timedelta(hours=hours)
    moments = [NOW - timedelta(hours=3 * number) for number in range(33)]
    ids = [cups.answer(pictures(1, seed), ["cup"], moment)[0] for seed, moment in enumerate(moments)]
    cups.label(ids, "cup")
    as_of = NOW + timedelta(minutes=1)
    taken = set(gather("cups", cups.log(), as_of, delay).manifest["id"].to_pylist())
    assert taken == {name for name, moment in zip(ids, moments, strict=True) if moment < first_left(as_of, delay)}


def test_the_same_log_gives_the_same_bytes(cups: Work) -> None:
    ids = cups.answer(pictures(6), ["cup"] * 6, NOW - DAY)
    cups.label(ids, "cup")
    content = []
    for _ in range(2):
        folder = write("cups", gather("cups", cups.log(), NOW + DAY, ZERO))
        content.append([(folder / name).read_bytes() for name in (RECORDS, MANIFEST)])
    assert content[0] == content[1]


def test_without_the_records_the_manifest_is_the_same(cups: Work) -> None:
    write("cups", gather("cups", cups.log(), NOW, ZERO))
    ids = cups.answer(pictures(6), ["cup"] * 6, NOW - DAY)
    cups.label(ids, "cup")
    whole, bare = (gather("cups", cups.log(), NOW + DAY, ZERO, records=records) for records in (True, False))
    assert len(whole.records) == len(whole.manifest) == 6
    assert len(bare.records) == 0
    assert [bare.manifest, bare.new] == [whole.manifest, whole.new]


def test_young_answers_and_sources_that_are_left_out_are_not_taken(cups: Work) -> None:
    ids = cups.answer(pictures(6), ["cup"] * 6, NOW - 3 * DAY)
    cups.label(ids[:3], "cup", "eve")
    cups.label(ids[3:], "cup", "alice")
    assert gather("cups", cups.log(), NOW, 5 * DAY).labelled == 0
    write("cups", gather("cups", cups.log(), NOW + DAY, ZERO))
    assert gather("cups", cups.log(), NOW + DAY, ZERO, ["eve"]).sources() == {"alice": 3}
    assert gather("cups", cups.log(), NOW + DAY, ZERO, ["eve"]).labelled == 3


def sent(count: int, when: datetime) -> list[dict[str, Any]]:
    return [
        {"id": 1000 + number, "time": (when + timedelta(minutes=number)).isoformat(), "customer": 3, "amount": 12.5}
        for number in range(count)
    ]


def shop_answers(shop: Work) -> tuple[list[str], Live]:
    when = NOW - 2 * DAY
    ids = shop.answer(np.zeros((30, 2), dtype=np.float32), ["0"] * 30, when, sent(30, when))
    shop.label(ids[:10], "1")
    shop.label(ids[10:20], "0")
    return ids, gather("shop", shop.log(), NOW + DAY, ZERO)


def test_records_of_a_table_count_with_and_without_a_label(shop: Work) -> None:
    before = prepared("shop")
    ids, live = shop_answers(shop)
    assert (len(live.manifest), live.labelled) == (30, 20)  # the others count in the windows of their customer
    write("shop", live)
    assert live.records.column_names == ["id", "time", "customer", "amount", "paid"]
    data = prepared("shop")
    assert data.input["features"] == before.input["features"]
    test = pq.read_table(data.path / "test_records.parquet").to_pylist()
    assert len([row for row in test if row["id"] >= 1000]) == 20  # the latest days are the test's
    assert json.loads((data.path / "report.json").read_text())["splits"]["test"][1] > str((NOW - 2 * DAY).date())
    assert ids == live.manifest["id"].to_pylist()


@pytest.mark.parametrize("hours", [0, 24, 30])
def test_what_a_training_learns_from_ends_where_the_spans_of_its_data_say(shop: Work, hours: int) -> None:
    noon, delay = NOW.replace(hour=12), timedelta(hours=hours)
    moments = [noon - timedelta(hours=6 * number) for number in range(40)]
    for number, moment in enumerate(moments):
        record = {"id": 1_000 + number, "time": moment.isoformat(timespec="seconds"), "customer": 1, "amount": 5.0}
        answered = shop.answer(np.zeros((1, 2), dtype=np.float32), ["0"], moment, [record])
        shop.label(answered, str(number % 2), when=moment)
    as_of = noon + timedelta(minutes=1)
    write("shop", gather("shop", shop.log(), as_of, delay))
    spans = json.loads((prepared("shop").path / "report.json").read_text())["splits"]
    until = learnt_until(catalogue.workload("shop"), as_of, delay)
    assert spans["train"][1].startswith(str(until.date()))


@pytest.mark.parametrize(("hours", "days"), [(0, 1), (24, -1), (30, -1)])
def test_where_splits_are_drawn_a_training_learns_from_every_day(hours: int, days: int) -> None:
    noon = NOW.replace(hour=12, minute=0, second=0, microsecond=0)
    until = learnt_until(catalogue.workload("cups"), noon, timedelta(hours=hours))
    assert until == noon.replace(hour=0) + timedelta(days=days)


def test_who_is_erased_is_not_learnt_from_again(shop: Work) -> None:
    _, live = shop_answers(shop)
    write("shop", live)
    assert list(erase_from_live("shop", "customer", "4")) == []
    (removed,) = erase_from_live("shop", "customer", "3")
    assert removed.count == 30
    assert len(pq.read_table(LIVE / "shop" / RECORDS)) == len(pq.read_table(LIVE / "shop" / MANIFEST)) == 0


def test_before_a_first_training_there_is_nothing_to_go_by(cups: Work) -> None:
    (artifacts("cups", "raw") / RECORDS).unlink()
    with pytest.raises(DataError, match="train once before"):
        gather("cups", cups.log(), NOW, ZERO)
