"""Records that are lost, or read as unknown: some are said, many are an error."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from components.config.errors import DataError
from components.kinds.prepared import PreparedData
from components.kinds.table.codec import schema
from components.kinds.table.params import Limits
from components.kinds.table.prepare import table as table_of
from components.kinds.table.prepare.stray import stray as find
from tests.unit.kinds.table.test_prepare import CONFIG, RECORDS, array, read, report, run, table

ROW = pl.int_range(RECORDS)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return table()


@pytest.fixture(scope="module")
def prepared(frame: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    return run(frame, tmp_path_factory.mktemp("prepared"))


def limited(**limits: Any) -> Any:
    return CONFIG.model_copy(update={"limits": Limits.model_validate(limits)})


def next_day(prepared: PreparedData, folder: Path) -> Path:
    """Return a folder with the schema of the day before."""
    folder.mkdir(exist_ok=True)
    (folder / "schema.yaml").write_bytes((prepared.path.parent / "schema.yaml").read_bytes())
    return folder


def test_amounts_that_are_paid_back_are_taken(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    refunded = frame.with_columns(amount=pl.when(ROW % 3 == 0).then(-pl.col("amount")).otherwise("amount"))
    data = run(refunded, tmp_path)
    assert data.counts == prepared.counts
    assert any(sentence.startswith("amounts below 0 (down to -") for sentence in read(data))
    assert not any(report(data)[name]["count"] for name in ("invalid", "out_of_range"))
    assert (array(data, "test_amounts") == array(prepared, "test_amounts")).all()  # what is at stake
    assert array(data, "test_inputs")[:, 0].min() < 0
    mean = data.input["features"].index("customer_mean_1d")
    assert array(data, "test_inputs")[:, mean].min() < 0
    assert (schema.read(tmp_path / "schema.yaml").columns["amount"].minimum or 0.0) < 0
    with np.load(data.path / "serving" / "history.npz") as history:
        assert history["amount"].min() < 0


@pytest.mark.parametrize(
    ("change", "name", "example"),
    [
        (
            pl.when(ROW % 20 == 7).then(float("inf")).otherwise("amount").alias("amount"),
            "invalid",
            "row 7: amount = inf",
        ),
        (pl.when(ROW % 20 == 7).then(None).otherwise("time").alias("time"), "invalid", "row 7: time = None"),
        (
            pl.when(ROW % 20 == 7).then(pl.col("time").dt.offset_by("200y")).otherwise("time"),
            "future",
            "row 7: time = 2218",
        ),
        (pl.when(ROW % 20 == 7).then(9_000.0).otherwise("age").alias("age"), "out_of_range", "row 7: age = 9000.0"),
        (pl.when(ROW % 20 == 7).then(-1.0).otherwise("amount").alias("amount"), "out_of_range", "row 7: amount = -1.0"),
        (
            pl.when(ROW % 20 == 7).then(datetime(1970, 1, 1)).otherwise("time").alias("time"),
            "stray_times",
            "row 7: time = 1970",
        ),
        (pl.when(ROW % 20 == 7).then(5).otherwise("id").alias("id"), "conflicts", "row "),
    ],
)
def test_more_than_one_in_a_hundred_is_an_error(
    change: pl.Expr, name: str, example: str, frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    lossy = frame.with_columns(change.cast(frame.schema[change.meta.output_name()]).alias(change.meta.output_name()))
    with pytest.raises(DataError) as caught:
        run(lossy, next_day(prepared, tmp_path / "refused"))
    said = str(caught.value)
    assert said.startswith(f"{name.replace('_', ' ')}: 1")
    assert example in said
    assert f"5.0% of the records; prepare.limits.{name} allows 0.01. " in said
    assert f"or set prepare.limits.{name}: 0.05" in said
    for place, limits in enumerate(({name: 0.06}, {name: None}, {name: 200})):
        data = run(lossy, next_day(prepared, tmp_path / str(place)), limited(**limits))
        assert report(data)[name]["count"] == 150
    few = frame.with_columns(
        pl.when(ROW > 100).then(change.meta.output_name()).otherwise(lossy[change.meta.output_name()])
    )
    assert 0 < report(run(few, next_day(prepared, tmp_path / "few")))[name]["count"] <= 6


def test_records_that_are_sent_twice_are_no_conflict(
    frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path
) -> None:
    twice = pl.concat([frame, frame.tail(900)])
    data = run(twice, tmp_path)
    assert report(data)["duplicates"]["count"] == 900
    assert report(data)["conflicts"]["count"] == 0
    assert data.counts == prepared.counts


def test_labels_may_come_later(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    early = frame.with_columns(
        fraud=pl.when(ROW % 3 == 0).then(None).when(ROW % 50 == 1).then(1 - pl.col("fraud")).otherwise("fraud")
    )
    data = run(pl.concat([early, frame.filter((ROW % 3 == 0) | (ROW % 50 == 1))]), tmp_path)
    assert report(data)["conflicts"]["count"] == 0
    assert any(said.endswith(" records came again with another label: the last one counts") for said in read(data))
    for name in ("train_labels", "test_labels", "test_inputs"):
        assert (data.path / f"{name}.npy").read_bytes() == (prepared.path / f"{name}.npy").read_bytes()


def test_categories_in_another_case_are_named(frame: pl.DataFrame, prepared: PreparedData, tmp_path: Path) -> None:
    shouted = frame.with_columns(channel=pl.col("channel").str.to_uppercase())
    with pytest.raises(DataError, match=r"unknown: 3,000 .*'web' is known, which differs in case or spaces alone.*"):
        run(shouted, next_day(prepared, tmp_path / "case"))
    some = frame.with_columns(channel=pl.when(ROW % 10 == 0).then(pl.lit("pigeon")).otherwise("channel"))
    with pytest.raises(
        DataError,
        match=r"unknown: 300 \(row 0: channel = 'pigeon' \(300 rows\) and 299 more\), 10.0% of the records; "
        r"prepare.limits.unknown allows 0.05. .*; or set prepare.limits.unknown: 0.1 to go on$",
    ):
        run(some, next_day(prepared, tmp_path / "new"))
    data = run(some, next_day(prepared, tmp_path / "allowed"), limited(unknown=0.2))
    assert report(data)["unknown"]["columns"] == {"channel": 300}


def test_a_category_of_very_many_values_is_taken(frame: pl.DataFrame, tmp_path: Path) -> None:
    shops = frame.with_columns(channel=pl.format("shop {}", ROW * ROW % 997))
    data = run(shops, tmp_path)
    assert report(data)["unknown"]["columns"]["channel"] > 1_000
    assert any(said.startswith("in 'channel' the 200 most frequent values are told apart") for said in read(data))
    column = schema.read(tmp_path / "schema.yaml").columns["channel"]
    assert column.values is not None
    assert len(column.values) == 200
    assert column.others == 1.0
    older = schema.read(tmp_path / "schema.yaml").columns | {"channel": column.model_copy(update={"others": None})}
    schema.write(tmp_path / "schema.yaml", schema.Schema(columns=older))
    (tmp_path / "prepared").rename(tmp_path / "first")
    run(shops, tmp_path)


def test_columns_that_say_nothing_are_noticed(frame: pl.DataFrame, tmp_path: Path) -> None:
    data = run(frame.with_columns(country=pl.lit("de"), fee=pl.lit(2.5)), tmp_path)
    assert report(data)["constant"]["examples"] == ["country", "fee"]


def with_times(times: list[datetime], folder: Path) -> PreparedData:
    """Prepare the table with these times at its end."""
    frame = table()
    rows = [frame.row(1_000 + place, named=True) | {"id": -1 - place, "time": time} for place, time in enumerate(times)]
    return run(pl.concat([frame, pl.DataFrame(rows, schema=frame.schema)]), folder)


@pytest.mark.parametrize(
    "times",
    [
        [datetime(2019, 7, 15)],
        [datetime(2018, 7, 1), datetime(2019, 7, 15), datetime(2019, 7, 16)],
        [datetime(1970, 1, 1)] * 20,
        [datetime(1900, 1, 1), datetime(2024, 6, 1)],
        [datetime(1, 1, 1), datetime(1999, 12, 31)],
    ],
)
def test_a_few_times_far_from_all_others_are_set_aside_and_said(
    times: list[datetime], prepared: PreparedData, tmp_path: Path
) -> None:
    data = with_times(times, tmp_path)
    assert report(data)["stray_times"]["count"] == len(times)
    assert data.counts == prepared.counts
    assert (data.path / "test_inputs.npy").read_bytes() == (prepared.path / "test_inputs.npy").read_bytes()
    (said,) = [sentence for sentence in read(data) if "far from all others in time" in sentence]
    assert f"row 3000: time = {times[0]}" in said
    assert "2018-04-01 to 2018-04-30" in said
    assert report(data)["unordered"]["count"] == 0


def test_one_stray_time_in_a_small_table_is_no_error(frame: pl.DataFrame, tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"entities": {}, "card": None})
    small = frame.gather_every(40).with_columns(
        time=pl.when(pl.int_range(75) == 7).then(pl.lit(datetime(2019, 1, 1), pl.Datetime("ms"))).otherwise("time"),
        fraud=pl.int_range(75, dtype=pl.Int8) % 2,
    )
    assert report(run(small, tmp_path, config))["stray_times"]["count"] == 1


@pytest.mark.parametrize(
    "gaps",
    [
        {1_500: 100},  # closed for three months
        {1_500: 500},  # two years, and one long gap
        {500: 90, 1_000: 90, 1_500: 90, 2_000: 90, 2_990: 90},  # a season a year, the last one has just begun
        {2_950: 40},  # fifty records after six weeks
        {2_998: 20},
        {40: 200},  # a trial before it began
    ],
)
def test_gaps_that_a_table_may_have_are_left_alone(gaps: dict[int, int], frame: pl.DataFrame) -> None:
    later = sum(pl.when(row <= ROW).then(days).otherwise(0) for row, days in gaps.items())
    times = frame.select(ROW.alias(table_of.ROW), pl.col("time") + pl.duration(days=later))
    assert find(times.with_columns(pl.col("time").dt.epoch("ms").alias(table_of.TIME)).lazy(), "time") is None
