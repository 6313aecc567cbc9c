import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import yaml
from pydantic_core import to_json

from components.config.errors import DataError
from components.kinds.prepared import SPLITS, PreparedData, open_prepared
from components.kinds.slices import read_slices, slice_rules
from components.kinds.table import scoring
from components.kinds.table.codec import features, schema
from components.kinds.table.codec.features import DAY, Definition
from components.kinds.table.codec.reader import Reader
from components.kinds.table.codec.schema import Column
from components.kinds.table.codec.windows import Events, windows
from components.kinds.table.params import Columns, Entity, Limits, Prepare, Split
from components.kinds.table.prepare import duplicates, prepare, stream
from components.kinds.table.source.simulator import Simulation, transactions

START = datetime(2018, 4, 1)
DAYS, RECORDS = 30, 3_000
CONFIG = Prepare(
    columns=Columns(label="fraud", time="time", id="id", amount="amount", drop=["scenario"]),
    entities={
        "customer": Entity(days=[1, 7], measures=["count", "mean"]),
        "terminal": Entity(days=[1, 7], measures=["risk", "count"], delayed=True),
    },
    card="customer",
    delay=2.0,
    split=Split(train=6.0, validation=3.0, test=4.0),
)
PLAIN = CONFIG.model_copy(update={"columns": Columns(label="fraud", time="time"), "entities": {}, "card": None})


def table(seed: int = 1) -> pl.DataFrame:
    """A month of records, on the minute, so that some share a time; fraud where a drawn terminal is used."""
    random = np.random.default_rng(seed)
    minute = np.sort(random.integers(0, DAYS * 1_440, RECORDS))
    terminal = random.integers(0, 30, RECORDS)
    fraud = (random.random(RECORDS) < np.where(terminal < 3, 0.3, 0.01)).astype(np.int8)
    return pl.DataFrame(
        {
            "id": random.permutation(RECORDS),
            "time": np.datetime64(START, "ms") + minute * np.timedelta64(60_000, "ms"),
            "customer": [f"c{number}" if number else None for number in random.integers(0, 60, RECORDS)],
            "terminal": terminal,
            "amount": np.round(random.gamma(2.0, 25.0, RECORDS), 2),
            "channel": random.choice(["web", "chip", "tap"], RECORDS),
            "age": [float(age) if age > 20 else None for age in random.integers(18, 90, RECORDS)],
            "foreign": random.random(RECORDS) < 0.1,
            "scenario": fraud * 2,
            "fraud": [
                int(label) if known else None for label, known in zip(fraud, random.random(RECORDS) < 0.97, strict=True)
            ],
        }
    )


def run(frame: pl.DataFrame, folder: Path, config: Prepare = CONFIG) -> PreparedData:
    """Prepare `frame` in `folder`; the schema stands beside it."""
    folder.mkdir(exist_ok=True)
    out = folder / "prepared"
    out.mkdir()
    frame.write_parquet(folder / "records.parquet", row_group_size=500)
    prepare(folder / "records.parquet", out, config, folder / "schema.yaml")
    return open_prepared(out)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return table()


@pytest.fixture(scope="module")
def prepared(frame: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    return run(frame, tmp_path_factory.mktemp("prepared"))


def array(data: PreparedData, name: str) -> Any:
    return np.load(data.path / f"{name}.npy")


def definition(data: PreparedData) -> Definition:
    return Definition.model_validate(data.input["definition"])


def report(data: PreparedData) -> Any:
    return json.loads((data.path / "report.json").read_text())["findings"]


def read(data: PreparedData) -> list[str]:
    return list(json.loads((data.path / "report.json").read_text())["read"])


def rows(data: PreparedData) -> list[dict[str, Any]]:
    """The test records as a caller sends them."""
    found = pl.read_parquet(data.path / "test_records.parquet").to_dicts()
    return [record | {"time": record["time"].isoformat()} for record in found]


def test_slices_are_columns_of_the_test_records(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"slices": ["channel", "scenario", "age", "foreign"]})
    shop = frame.with_columns(age=pl.col("age").fill_null(np.nan))
    data = run(shop, tmp_path, config)
    named = {record["id"]: record for record in frame.to_dicts()}
    mine = [named[record["id"]] for record in rows(data)]
    found = read_slices(data)
    assert found["channel: web"].tolist() == [record["channel"] == "web" for record in mine]
    assert found["scenario: 2"].tolist() == [record["scenario"] == 2 for record in mine]  # dropped, and yet a slice
    assert found["foreign: true"].tolist() == [record["foreign"] for record in mine]
    assert found["age: (missing)"].tolist() == [record["age"] is None for record in mine]
    quarters = [name for name in found if name.startswith("age: ") and "missing" not in name]
    assert len(quarters) == 4
    assert sum(found[name].sum() for name in quarters) + found["age: (missing)"].sum() == len(mine)
    assert max(abs(found[name].mean() - 0.25) for name in quarters) < 0.05
    low, high = (
        float(part) for part in next(name for name in quarters if " to " in name and "up" not in name)[5:].split(" to ")
    )
    between = [record["age"] is not None and low < record["age"] <= high for record in mine]
    assert found[f"age: {low:g} to {high:g}"].tolist() == between
    assert "scenario" not in data.input["features"]
    for path in (path for path in prepared.path.iterdir() if path.is_file()):  # all else stays as it was
        assert path.read_bytes() == (data.path / path.name).read_bytes(), path.name
    assert read_slices(prepared) == {}
    assert slice_rules(prepared) == ()


def test_what_callers_send_is_in_the_slices_of_preparation(frame: pl.DataFrame, tmp_path: Path) -> None:
    data = run(
        frame, tmp_path, CONFIG.model_copy(update={"slices": ["channel", "scenario", "age", "foreign", "terminal"]})
    )
    rules, codes = slice_rules(data), array(data, "test_slices")
    assert [rule.column for rule in rules] == ["age", "channel", "foreign", "scenario", "terminal"]
    sent = [json.loads(to_json(record)) for record in rows(data)]
    for index, rule in enumerate(rules):
        known = rule.codes(sent)
        if rule.column == "scenario":  # no feature, so nobody sends it
            assert set(known) == {-1}
        else:
            assert known.tolist() == codes[:, index].tolist(), rule.column
    validation = array(data, "validation_slices")
    assert len(validation) == data.counts["validation"]
    assert set(np.unique(validation[:, 1])) == {0, 1, 2}
    odd: list[dict[str, Any]] = [{"channel": 7, "age": "old"}, {"channel": "fax", "age": True}, {"channel": None}]
    assert [rule.codes(odd).tolist() for rule in rules[:2]] == [[-1, -1, -1], [-1, -1, -1]]


def test_a_slice_that_is_no_column_is_refused(frame: pl.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column 'chanel' \(prepare.slices chanel\) is missing; .* mean 'channel'\?"):
        run(frame, tmp_path, CONFIG.model_copy(update={"slices": ["chanel"]}))


def test_splits_and_cards_are_those_of_a_plain_computation(frame: pl.DataFrame, prepared: PreparedData) -> None:
    expected: dict[str, list[int]] = {split: [] for split in SPLITS}
    records = frame.to_dicts()
    for record in records:
        day = (record["time"] - START).days
        if 15 <= day < 21:
            expected["train"].append(record["id"])
        elif 21 <= day < 24:
            expected["validation"].append(record["id"])
        elif day >= 26:
            known = {
                other["customer"]
                for other in records
                if other["fraud"] == 1 and 15 <= (other["time"] - START).days <= day - 3
            } - {None}
            if record["fraud"] is not None and record["customer"] not in known:
                expected["test"].append(record["id"])
    assert [record["id"] for record in rows(prepared)] == expected["test"]
    named = {record["id"]: record for record in records}
    for split in SPLITS:
        mine = [named[id] for id in expected[split]]
        assert prepared.counts[split] == len(mine) > 0
        assert array(prepared, f"{split}_times").tolist() == [
            round(one["time"].replace(tzinfo=UTC).timestamp() * 1_000) for one in mine
        ]
        assert array(prepared, f"{split}_labels").tolist() == [
            -1 if one["fraud"] is None else one["fraud"] for one in mine
        ]
        assert array(prepared, f"{split}_amounts").tolist() == [one["amount"] for one in mine]
        codes = {
            code: one["customer"] for code, one in zip(array(prepared, f"{split}_cards").tolist(), mine, strict=True)
        }
        assert len(set(codes.values())) == len(codes)
        assert codes[-1] is None
    assert len(expected["test"]) < frame.filter(pl.col("time") >= START + timedelta(days=26)).height - 50


def test_windows_see_all_that_they_reach_back_to(frame: pl.DataFrame, prepared: PreparedData) -> None:
    """Not only what is held in memory: against the windows over the whole table at once."""
    time, label = frame["time"].dt.epoch("ms").to_numpy(), frame["fraud"].fill_null(-1).cast(pl.Int8).to_numpy()
    amount = features.fixed_point(frame["amount"].to_numpy(), 2)
    columns = {}
    for entity in definition(prepared).entities:
        code = frame[entity.name].cast(pl.String).rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()
        events, places = Events.none().followed_by(code, time, amount, label)
        table = windows(events, places, entity, definition(prepared))
        columns |= {f"{entity.name} {place}": table[:, place] for place in range(table.shape[1])}
    whole = np.stack(list(columns.values()), axis=1)
    first, made = prepared.input["features"].index("customer_count_1d"), slice(5, 13)
    assert first == made.start
    for start, end, split in ((15, 21, "train"), (21, 24, "validation")):
        mine = (
            (frame["time"] >= START + timedelta(days=start)) & (frame["time"] < START + timedelta(days=end))
        ).to_numpy()
        assert (prepared.inputs(split)[:, made] == whole[mine]).all()  # type: ignore[arg-type]


def test_training_the_endpoint_and_batch_scoring_make_the_same_features(prepared: PreparedData, tmp_path: Path) -> None:
    """From what is sent and what they are told to remember; to the bit."""
    inputs, records, files = np.asarray(prepared.inputs("test")), rows(prepared), prepared.path / "serving"
    memory = f"sqlite:///{tmp_path}/memory.db"
    with closing(Reader("payments", prepared.input, {}, files, memory)) as endpoint:
        assert np.concatenate([endpoint.read([record]) for record in records]).tobytes() == inputs.tobytes()
        assert endpoint.read(records).tobytes() == inputs.tobytes()
    batch = scoring.memory(prepared.input, files)
    assert batch is not None
    chunks = [scoring.observations(records[start : start + 50], prepared.input) for start in range(0, len(records), 50)]
    assert np.concatenate([batch.examples(chunk) for chunk in chunks]).tobytes() == inputs.tobytes()


def test_memory_of_the_past_does_not_depend_on_the_chunk(
    frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CHUNK", 173)
    same(prepared, run(frame, tmp_path / "chunks"))


def test_the_same_table_gives_the_same_bytes(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    same(prepared, run(frame, tmp_path / "again"))


def test_a_table_out_of_order_is_put_in_order(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    late = frame["time"].is_in(frame["time"].sample(40, seed=3).implode())  # all that share a time: they stay in order
    mixed = pl.concat([frame.filter(~late), frame.filter(late)])
    data = run(mixed, tmp_path / "mixed")
    assert report(data)["unordered"]["count"] >= 39
    assert not (data.path / "sorted.parquet").exists()
    same(prepared, data, but=("report.json", *(f"{split}_rows.npy" for split in SPLITS)))
    for split in SPLITS:  # the same records, though they stand at other rows
        assert mixed["id"][array(data, f"{split}_rows")].equals(frame["id"][array(prepared, f"{split}_rows")])
    strict = CONFIG.model_copy(update={"limits": Limits(unordered=0)})
    with pytest.raises(
        DataError, match=r"unordered: \d+ \(row .*; prepare.limits.unordered allows 0. They are put in order"
    ):
        run(mixed, tmp_path / "strict", strict)


def same(one: PreparedData, other: PreparedData, but: tuple[str, ...] = ()) -> None:
    names = sorted(str(path.relative_to(one.path)) for path in one.path.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(other.path)) for path in other.path.rglob("*") if path.is_file())
    for name in names:
        assert name in but or (one.path / name).read_bytes() == (other.path / name).read_bytes(), name


def test_one_example_is_described(prepared: PreparedData) -> None:
    about = prepared.input
    assert prepared.classes == ("0", "1")
    assert about["features"] == features.names(definition(prepared))
    assert about["features"][:5] == ["amount", "age", "foreign", "weekend", "night"]
    assert set(about["schema"]["columns"]) == {
        "id",
        "time",
        "customer",
        "terminal",
        "amount",
        "channel",
        "age",
        "foreign",
    }
    assert about["amount_feature"] == 0
    assert about["label_features"] == ["terminal_risk_1d", "terminal_risk_7d"]
    assert about["typical"][0] == np.float32(np.median(prepared.inputs("train")[:, 0]))
    assert about["typical"][-1] == 0.0
    assert about["history"] == "endpoint"
    assert np.isnan(prepared.inputs("train")[:, 1]).any()


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_strict_schema_holds_callers_to_it(
    everywhere: bool, frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    content = yaml.safe_load((prepared.path.parent / "schema.yaml").read_text())
    (content if everywhere else content["columns"]["amount"])["strict"] = True
    (tmp_path / "schema.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    sent = run(frame, tmp_path).input["schema"]
    assert (sent if everywhere else sent["columns"]["amount"])["strict"] is True
    assert "strict" not in prepared.input["schema"]
    assert "strict" not in prepared.input["schema"]["columns"]["amount"]


def test_a_schema_is_inferred_and_later_data_is_held_to_it(frame: pl.DataFrame, tmp_path: Path) -> None:
    run(frame, tmp_path)
    path = tmp_path / "schema.yaml"
    columns, before = schema.read(path).columns, path.read_bytes()
    assert list(columns) == [name for name in frame.columns if name != "scenario"]
    assert [column.type for column in columns.values()] == [
        *("integer", "time", "category", "integer", "number", "category", "number", "boolean", "integer")
    ]
    assert columns["channel"].values == ("chip", "tap", "web")
    assert columns["customer"].values is None
    assert (columns["age"].minimum, columns["age"].maximum) == (0.0, 900.0)
    missing = frame["age"].null_count() / RECORDS
    assert columns["age"].nulls == pytest.approx(2 * missing + 0.01, abs=1e-4)
    assert columns["amount"].nulls == 0.0
    assert columns["time"].example == frame["time"][0].isoformat()
    (tmp_path / "prepared").rename(tmp_path / "first")
    run(frame.with_columns(extra=1), tmp_path)
    assert path.read_bytes() == before
    assert report(open_prepared(tmp_path / "prepared"))["extra"]["examples"] == ["extra"]


def test_a_part_of_the_labels_is_a_pure_function_of_the_row(
    frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    half, tenth = (
        run(frame, tmp_path / str(part), CONFIG.model_copy(update={"labelled": part})) for part in (0.5, 0.1)
    )
    for split in ("train", "validation"):
        everything, some, few = (array(data, f"{split}_labels") for data in (prepared, half, tenth))
        assert ((some == everything) | (some == -1)).all()
        assert ((few == some) | (few == -1)).all()
        assert 0.4 < (some >= 0).sum() / (everything >= 0).sum() < 0.6
        assert 0.03 < (few >= 0).sum() / (everything >= 0).sum() < 0.17
    assert (array(half, "test_labels") == array(prepared, "test_labels")).all()
    assert (array(half, "test_times") == array(prepared, "test_times")).all()
    risk = [index for index, name in enumerate(prepared.input["features"]) if "risk" in name]
    same = (prepared.inputs("test") == half.inputs("test")) | np.isnan(prepared.inputs("test"))
    assert not same[:, risk].all()
    assert np.delete(same, risk, axis=1).all()


def test_a_plain_table_needs_no_entities_amount_or_id(frame: pl.DataFrame, tmp_path: Path) -> None:
    data = run(frame.select("time", "age", "fraud"), tmp_path, PLAIN)
    assert data.input["features"] == ["age", "weekend", "night"]
    assert data.input["amount_feature"] is None
    assert not (data.path / "serving").exists()
    assert not (data.path / "train_cards.npy").exists()
    assert not array(data, "test_amounts").any()


@pytest.mark.parametrize(
    "as_told",
    [
        pl.col("time").dt.epoch("ms") / 1_000,
        pl.col("time").dt.epoch("s"),
        pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S"),
        pl.col("time").dt.strftime("%Y-%m-%d %H:%M:%SZ"),
        pl.col("time").dt.replace_time_zone("UTC"),
        pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Paris"),
        pl.col("time").cast(pl.Datetime("ns")),
        pl.col("time").dt.epoch("ms"),
        pl.col("time").dt.epoch("us").cast(pl.String),
        pl.col("time").dt.epoch("ns"),
        pl.col("time").dt.strftime("%m/%d/%Y %H:%M"),
        pl.col("time").dt.strftime("%m-%d-%y %I:%M %p"),
        pl.col("time").dt.strftime("%d.%m.%Y, %H:%M:%S"),
        pl.col("time").dt.strftime("%b %d, %Y %H:%M"),
        pl.col("time").dt.strftime("%Y%m%d%H%M").cast(pl.Int64),
        pl.col("time").dt.strftime("%Y-%m-%d %H:%M")
        + pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("")).otherwise(pl.lit(" +0000")),
        pl.when(pl.int_range(pl.len()) % 2 == 0)
        .then(pl.col("time").dt.strftime("%m/%d/%Y %H:%M"))
        .otherwise(pl.col("time").dt.strftime("%Y-%m-%d %H:%M")),
    ],
    ids=[
        "fractions",
        "seconds",
        "text",
        "zulu",
        "utc",
        "paris",
        "nanoseconds",
        "milliseconds",
        "microseconds in text",
        "whole nanoseconds",
        "month first",
        "twelve hours",
        "day first",
        "names",
        "digits",
        "some zones",
        "mixed",
    ],
)  # fmt: skip
def test_times_may_be_told_in_several_ways(
    as_told: pl.Expr, frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    data = run(frame.with_columns(time=as_told), tmp_path)
    assert (data.inputs("test").tobytes(), data.counts) == (prepared.inputs("test").tobytes(), prepared.counts)


def test_fractions_of_seconds_are_cut_to_milliseconds(frame: pl.DataFrame, tmp_path: Path) -> None:
    moment = pl.col("time").cast(pl.Datetime("us")).dt.offset_by("70ms")
    expected = frame.with_columns(time=moment)
    told = expected.with_columns(time=pl.col("time").dt.epoch("us") / 1e6)
    found = [array(run(one, tmp_path / name), "test_times") for name, one in (("a", expected), ("b", told))]
    assert (found[0] == found[1]).all()
    assert (found[0] % 1_000 == 70).all()


@pytest.mark.parametrize(
    ("label", "positive", "classes"),
    [
        (pl.col("fraud") == 1, None, ("false", "true")),
        (pl.col("fraud").cast(pl.Float64), None, ("0", "1")),
        (pl.col("fraud").replace_strict({0: "good", 1: "bad"}), "bad", ("good", "bad")),
    ],
    ids=["truth", "float", "text"],
)
def test_a_label_may_be_of_any_two_values(
    label: pl.Expr, positive: Any, classes: tuple[str, str], frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    columns = CONFIG.columns.model_copy(update={"positive": positive})
    data = run(frame.with_columns(fraud=label), tmp_path, CONFIG.model_copy(update={"columns": columns}))
    assert data.classes == classes
    assert (array(data, "train_labels") == array(prepared, "train_labels")).all()


def test_records_at_fault_are_counted_shown_and_left_out(
    frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "PART", 700)
    (tmp_path / "schema.yaml").write_bytes((prepared.path.parent / "schema.yaml").read_bytes())
    faulty = frame.with_columns(fraud=pl.col("fraud").cast(pl.Int8))
    row = faulty.row(2_000, named=True)
    faults = [
        row | {"id": 9_001, "amount": float("inf")},
        row | {"id": 9_002, "amount": -0.01},
        row | {"id": 9_003, "time": None},
        row | {"id": 9_004, "time": datetime.now() + timedelta(days=400)},
        row | {"id": 9_005, "age": 901.0},
        row,
        row | {"amount": 1.0},
    ]
    broken = pl.concat([faulty[:2_001], pl.DataFrame(faults, schema=faulty.schema), faulty[2_001:]])
    data = run(broken, tmp_path)
    found = report(data)
    assert {name: finding["count"] for name, finding in found.items() if finding["count"]} == {
        "invalid": 2,
        "future": 1,
        "out_of_range": 2,
        "duplicates": 2,
        "conflicts": 1,
    }
    assert found["invalid"]["columns"] == {"amount": 1, "time": 1}
    assert found["invalid"]["examples"][0] == "row 2001: amount = inf"
    assert found["out_of_range"]["examples"] == ["row 2002: amount = -0.01", "row 2005: age = 901.0"]
    assert found["conflicts"]["examples"] == [f"row 2007: id = {row['id']}"]
    assert found["duplicates"]["examples"] == [f"row {line}: id = {row['id']}" for line in (2_006, 2_007)]
    same(prepared, data, but=("report.json", *(f"{split}_rows.npy" for split in SPLITS)))
    for name, count in (("invalid", 2), ("future", 1), ("out_of_range", 2), ("duplicates", 2), ("conflicts", 1)):
        (tmp_path / "prepared").rename(tmp_path / name)
        limits = Limits.model_validate({name: count - 1})
        with pytest.raises(
            DataError,
            match=rf"^{name.replace('_', ' ')}: {count} \(.*, 0.\d% of .*; prepare.limits.{name} allows {count - 1}",
        ):
            run(broken, tmp_path, CONFIG.model_copy(update={"limits": limits}))


def test_an_unknown_category_is_taken_as_unknown(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_bytes((prepared.path.parent / "schema.yaml").read_bytes())
    channel = pl.when(pl.int_range(pl.len()) % 100 == 0).then(pl.lit("pigeon")).otherwise("channel")
    data = run(frame.with_columns(channel=channel), tmp_path)
    assert report(data)["unknown"]["count"] == RECORDS / 100
    assert report(data)["unknown"]["examples"] == ["row 0: channel = 'pigeon' (30 rows)"]
    assert data.counts == prepared.counts
    assert set(np.unique(data.inputs("train")[:, -1])) == {0.0, 1.0, 2.0, 3.0}


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pl.col("fraud") * 3.5 + pl.col("amount") / 1e6, "ROC AUC 1.0"),
        (pl.col("amount") / 1e6 - pl.col("fraud"), "ROC AUC 1.0"),
        (pl.when(pl.col("fraud") == 1).then(1.0), "ROC AUC 1.0"),
        (pl.when(pl.col("fraud") == 0).then("amount").when(pl.col("foreign")).then(-1.0), "ROC AUC 1.0"),
        (pl.when(pl.col("fraud") == 1).then(pl.lit("refund")).otherwise(pl.lit("none")), "ROC AUC 1.0"),
    ],
    ids=["number", "less", "missing", "missing or less", "category"],
)
def test_a_column_that_tells_the_label_is_refused(
    column: pl.Expr, message: str, frame: pl.DataFrame, tmp_path: Path
) -> None:
    leaking = frame.with_columns(after=column)
    advice = r"prepare.limits.leaks allows 0. Known only afterwards\? Then name them in prepare.columns.drop$"
    with pytest.raises(
        DataError, match=rf"leaks: 1 \(column 'after': {message} by itself in the train split\); {advice}"
    ):
        run(leaking, tmp_path / "refused")
    assert not (tmp_path / "refused" / "schema.yaml").exists()
    columns = CONFIG.columns.model_copy(update={"drop": ["scenario", "after"]})
    run(leaking, tmp_path / "dropped", CONFIG.model_copy(update={"columns": columns}))
    data = run(leaking, tmp_path / "allowed", CONFIG.model_copy(update={"limits": Limits(leaks=1)}))
    assert report(data)["leaks"]["columns"] == {"after": 1.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.all().exclude("channel"), r"column 'channel' is missing, \S+schema.yaml asks for it; the table has"),
        (pl.all().name.replace("^age$", "Age"), "column 'age' is missing, .* the table has Age. Did you mean 'Age'?"),
        (
            pl.all().name.replace("^amount$", "amuont"),
            r"column 'amount' \(prepare.columns.amount\) is missing; .*'amuont'\?",
        ),
        (pl.all().name.replace("^terminal$", "term"), r"column 'terminal' \(prepare.entities.terminal\) is missing"),
        (pl.all().exclude("scenario"), r"column 'scenario' \(prepare.columns.drop scenario\) is missing"),
        (pl.lit("old").alias("age"), r"column 'age' holds text, \S+ asks for numbers; mend either"),
        (pl.col("terminal").cast(pl.String), "column 'terminal' holds text, .* asks for whole numbers"),
        (
            pl.col("terminal") + 0.5,
            "column 'terminal': an id, group or entity is text or a whole number, found number",
        ),
        (pl.lit("much").alias("amount"), "column 'amount': an amount is a number, found category; mend the data"),
        (pl.lit(None, pl.Float64).alias("age"), "column 'age': every value is missing; mend the data, or name it in"),
        (pl.lit(None).alias("channel"), "column 'channel': every value is missing"),
        (
            pl.when(pl.col("terminal") > 9).then("age").alias("age"),
            r"column 'age': \d+\.\d\d% of the values are missing, \S+ allows \d\.\d\d% \(nulls: 0.0\d+\); mend either",
        ),
        (pl.when(pl.col("terminal") > 0).then("amount").alias("amount"), r"allows 0.00% \(nulls: 0.0\)"),
        (
            pl.col("fraud") + pl.col("foreign").cast(pl.Int8),
            r"column 'fraud' .* has 3 values \(0 \([\d,]+ rows\), 1 .*2 .*prepare.columns.unknown: \[2\], else write",
        ),
        (pl.lit(0).cast(pl.Int64).alias("fraud"), r"has one value alone, 0 \(3,000 rows\): two values are needed"),
        (
            pl.col("fraud") + 4,
            r"has the values 4 \(.*\) and 5 \(.*: write prepare.columns.positive: 5 to find those 3.8%, or",
        ),
        (pl.lit("noon").alias("time"), "column 'time' .* holds no time: found neither dates with times nor seconds"),
        (pl.col("foreign").alias("time"), r"column 'time' \(prepare.columns.time\) is no time: found Boolean"),
        (pl.col("time").dt.offset_by("200y"), r"no record can be used; future: 3,000 \(row 0: time = 2218-04-01"),
        (
            pl.when(pl.col("time") > START + timedelta(days=25)).then(0).otherwise("fraud").alias("fraud"),
            "test split has no pos",
        ),
    ],
)
def test_a_table_that_is_not_as_it_should_be_is_answered_in_one_line(
    change: pl.Expr, message: str, frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    (tmp_path / "schema.yaml").write_bytes((prepared.path.parent / "schema.yaml").read_bytes())
    with_all = change.meta.has_multiple_outputs()
    with pytest.raises(DataError, match=message):
        run(frame.select(change) if with_all else frame.with_columns(change), tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.lit(None, pl.String).alias("channel"), "column 'channel': every value is missing"),
        (pl.lit(None).alias("channel"), "column 'channel': every value is missing"),
        (pl.concat_list("age").alias("age"), "column 'age': neither numbers, texts, truth values nor times; prepare"),
        (pl.lit(None, pl.Int64).alias("fraud"), r"has no value in any of the 3,000 rows: two values are needed"),
    ],
)
def test_no_schema_is_inferred_from_what_cannot_be_used(
    change: pl.Expr, message: str, frame: pl.DataFrame, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        run(frame.with_columns(change), tmp_path)
    assert not (tmp_path / "schema.yaml").exists()


def test_whole_numbers_that_pandas_keeps_as_others_are_whole(
    frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    floats = frame.with_columns(pl.col("id", "terminal").cast(pl.Float64))
    same(prepared, run(floats, tmp_path / "first"))
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "schema.yaml").write_bytes((prepared.path.parent / "schema.yaml").read_bytes())
    same(prepared, run(floats.with_columns(pl.col("fraud").cast(pl.Float64)), tmp_path / "later"))


def test_the_report_says_what_becomes_of_the_records(prepared: PreparedData) -> None:
    (said,) = [sentence for sentence in read(prepared) if sentence.startswith("split by time")]
    how, _, said = said.partition(": ")
    assert how == "split by time ('time'), the test last"
    train, validation, test = (prepared.counts[split] for split in SPLITS)
    assert said.startswith(f"of 3,000 records {train:,} train, {validation:,} validate, {test:,} test, ")
    assert re.search(
        r"\d+ are older than these, \d+ lie in the delay, \d+ on the days of the test have no label, or a card known",
        said,
    )
    assert sum(int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?= \w)", said)[1:]) == RECORDS


def test_a_table_without_records_or_days_is_refused(frame: pl.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the table is empty: it has columns, but no record"):
        run(frame.head(0), tmp_path / "empty")
    with pytest.raises(
        DataError, match=r"the table has 13 days \(2018-04-01 to 2018-04-13\), but the splits ask for 15"
    ):
        run(frame.filter(pl.col("time") < START + timedelta(days=13)), tmp_path / "short")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"broken.parquet: not a readable Parquet file"):
        prepare(broken, tmp_path, CONFIG, tmp_path / "schema.yaml")
    few = CONFIG.model_copy(update={"labelled": 0.01})
    with pytest.raises(DataError, match=r"the train split has no positive record among \d+, of which prepare.labelled"):
        run(frame, tmp_path / "unlabelled", few)


ROWS = pl.int_range(RECORDS)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("Unnamed: 0", ROWS),
        ("Unnamed: 0", ROWS.cast(pl.Float64)),
        ("Unnamed: 0.1", ROWS % 1_000),
        ("", ROWS),
        ("", pl.lit(None, pl.String)),
        ("", pl.format("row {}", ROWS)),
        ("__index_level_0__", ROWS * 7 % 1_000),
        ("index", ROWS % 500),
        ("index", ROWS * 3),
        ("level_0", ROWS.shuffle(seed=1)),
        ("row_id", ROWS.reverse() * 2),
        ("n", ROWS + 1),
        ("number", ROWS.shuffle(seed=1)),
        ("order_id", ROWS * 7 % 6_001),
        ("transactionId", pl.format("{}-x", ROWS * 7)),
        ("S.No.", ROWS + ROWS // 100),
    ],
)
def test_an_index_is_known_for_what_it_is(
    name: str, index: pl.Expr, frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    indexed = frame.select(index.alias(name), pl.all())
    data = run(indexed, tmp_path)
    (said,) = [sentence for sentence in read(data) if repr(name) in sentence]
    assert said.endswith("it is left out")
    assert (tmp_path / "schema.yaml").read_bytes() == (prepared.path.parent / "schema.yaml").read_bytes()
    same(prepared, data, but=("report.json", "prepared.json"))
    passed_over = sorted([*prepared.input["passed_over"], name])  # a caller may send it along
    assert data.input == {**prepared.input, "passed_over": passed_over}
    (tmp_path / "prepared").rename(tmp_path / "first")
    again = run(indexed, tmp_path)
    assert report(again)["extra"]["count"] == 0
    same(prepared, again, but=("report.json", "prepared.json"))
    assert again.input == data.input


def test_an_index_without_a_name_is_known_beside_texts_that_are_read(frame: pl.DataFrame, tmp_path: Path) -> None:
    texts = (
        pl.col("time").dt.strftime("%m/%d/%Y %H:%M"),
        pl.col("age").cast(pl.String).str.replace(".", ",", literal=True),
    )
    data = run(frame.select((ROWS * 7 % 6_001).alias(""), pl.all()).with_columns(*texts), tmp_path)
    assert "'' is an index that was written with the table: it is left out" in read(data)
    assert data.input["features"][:2] == ["amount", "age"]


def test_what_is_no_index_stays(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    columns = CONFIG.columns.model_copy(update={"id": "index"})
    named = frame.with_columns(index=ROWS)
    data = run(named, tmp_path / "role", CONFIG.model_copy(update={"columns": columns}))
    assert definition(data).id == "index"
    kept = {"index": ROWS % 10, "Unnamed: 8": ROWS % 3, "Unnamed: 7": pl.col("channel"), "row": ROWS * 7 % 1_500}
    kept |= {"shop_id": ROWS % 700, "paid": ROWS * 13 % 7_001, "Covid": ROWS * 13 % 7_001, "code_nr": ROWS % 2_000}
    data = run(frame.with_columns(value.alias(name) for name, value in kept.items()), tmp_path / "features")
    assert set(kept) <= set(data.input["features"])
    listed = tmp_path / "listed"
    listed.mkdir()
    columns_listed = schema.read(prepared.path.parent / "schema.yaml").columns
    columns_listed["index"] = Column(type="integer", minimum=0, maximum=RECORDS)
    schema.write(listed / "schema.yaml", schema.Schema(columns=columns_listed))
    data = run(named, listed, CONFIG)
    assert "index" in data.input["features"]
    assert any(
        "'index' numbers the rows" in sentence and "lists it: it is a feature" in sentence for sentence in read(data)
    )


def test_times_that_are_no_feature_are_named(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_bytes((prepared.path.parent / "schema.yaml").read_bytes())
    with (tmp_path / "schema.yaml").open("a") as file:
        file.write("  born: {type: time}\n")  # as schemas of before have it
    data = run(frame.with_columns(born=pl.col("time").dt.date()), tmp_path)
    assert report(data)["unused"]["examples"] == ["born"]
    assert data.input["features"] == prepared.input["features"]
    assert data.input["definition"] == prepared.input["definition"]
    assert "dates" not in data.input["definition"]  # the versions of before are judged beside those of today
    assert "born" not in data.input["schema"]["columns"]


def test_columns_may_have_any_name(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    names = {
        "id": "falls",
        "time": "row",
        "customer": "entity 1",
        "terminal": "split",
        "amount": "len",
        "fraud": "label",
    }
    names |= {"age": "behind"}
    columns = Columns(label="label", time="row", id="falls", amount="len", drop=["scenario"])
    entities = {names[name]: entity for name, entity in CONFIG.entities.items()}
    config = CONFIG.model_copy(update={"columns": columns, "entities": entities, "card": "entity 1"})
    data = run(frame.rename(names), tmp_path, config)
    assert data.inputs("test").tobytes() == prepared.inputs("test").tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delay": 0.0}, "an entity is delayed, but delay is 0: windows would see the record's own label"),
        ({"columns": Columns(label="fraud", time="time", amount="amount", drop=["fraud"])}, "'fraud' is named twice"),
        ({"columns": Columns(label="fraud", time="customer", amount="amount")}, "'customer' is named twice"),
    ],
)
def test_a_column_has_one_role_and_labels_come_late(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Prepare.model_validate(CONFIG.model_copy(update=change).model_dump())


def test_simulated_transactions_are_prepared(tmp_path: Path) -> None:
    batches = transactions(Simulation(customers=150, terminals=300, days=50, radius=10.0))
    columns = Columns(label="fraud", time="time", id="transaction_id", amount="amount")
    entities = {
        "customer_id": Entity(days=[1, 7, 30], measures=["count", "mean"]),
        "terminal_id": Entity(days=[1, 7, 30], measures=["count", "risk"], delayed=True),
    }
    split = Split(train=7.0, validation=7.0, test=7.0)
    config = Prepare(columns=columns, entities=entities, card="customer_id", split=split)
    loaded = pl.from_arrow(pa.Table.from_batches(batches))
    assert isinstance(loaded, pl.DataFrame)
    data = run(loaded, tmp_path, config)
    assert data.inputs("train").shape[1] == 15
    assert not any(finding["count"] for finding in report(data).values())
    with np.load(data.path / "serving" / "history.npz", allow_pickle=False) as history:
        assert history["time"].min() >= array(data, "test_times").min() // DAY * DAY - 37 * DAY
        assert np.isin(array(data, "test_times"), history["time"]).all()
        assert set(history) == {"id", "time", "amount", "label", "entity_customer_id", "entity_terminal_id"}
