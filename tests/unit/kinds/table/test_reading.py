"""Columns of texts in the raw table: read where all their values can be read in one way, else asked for in one line."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from components.config.errors import DataError
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.table.codec import schema
from components.kinds.table.params import Columns, Prepare, Split
from components.kinds.table.prepare import prepare

START, DAYS, ROWS = datetime(2024, 3, 1), 40, 400
CONFIG = Prepare(
    columns=Columns(label="bad", time="time", amount="amount"), delay=2.0, split=Split(train=20.0, validation=5, test=5)
)


def table(**columns: pl.Expr) -> pl.DataFrame:
    """Return records ten a day."""
    random = np.random.default_rng(3)
    minutes = np.sort(random.integers(0, DAYS * 1_440, ROWS))
    amount = np.round(random.gamma(2.0, 300.0, ROWS), 2)
    return pl.DataFrame(
        {
            "time": np.datetime64(START, "ms") + minutes * np.timedelta64(60_000, "ms"),
            "amount": amount,
            "bad": random.random(ROWS) < np.where(amount > 600, 0.6, 0.2),
        }
    ).with_columns(**columns)


def run(frame: pl.DataFrame, folder: Path, **changes: Any) -> PreparedData:
    out = folder / "prepared"
    out.mkdir(parents=True)
    frame.write_parquet(folder / "records.parquet", row_group_size=100)
    prepare(folder / "records.parquet", out, CONFIG.model_copy(update=changes), folder / "schema.yaml")
    return open_prepared(out)


def report(data: PreparedData) -> Any:
    return json.loads((data.path / "report.json").read_text())


def told(format: str) -> pl.Expr:
    return pl.col("time").dt.strftime(format)


def test_a_format_that_is_settled_is_said_and_kept(tmp_path: Path) -> None:
    data = run(table(time=told("%m/%d/%Y %H:%M")), tmp_path)
    assert report(data)["read"][:1] == [
        "dates in 'time' are read as month/day/year (%m/%d/%Y): 03/01/2024 01:06 is 1 March 2024"
    ]
    assert report(data)["findings"]["invalid"]["count"] == 0
    column = schema.read(tmp_path / "schema.yaml").columns["time"]
    assert (column.type, column.format, column.example) == ("time", "%m/%d/%Y", "03/01/2024 01:06")
    assert data.input["schema"]["columns"]["time"]["format"] == "%m/%d/%Y"
    assert not (data.path / "read.parquet").exists()


def test_later_texts_are_read_by_the_format_of_the_schema(tmp_path: Path) -> None:
    run(table(time=told("%m/%d/%Y %H:%M")), tmp_path / "a")
    text = (tmp_path / "a" / "schema.yaml").read_text()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "schema.yaml").write_text(text)
    few = table().filter(pl.col("time").dt.day() <= 12).with_columns(time=told("%m/%d/%Y %H:%M"))
    data = run(few, tmp_path / "b")
    assert report(data)["splits"]["test"] == ["2024-04-05", "2024-04-10"]


@pytest.mark.parametrize("format", ["%d/%m/%Y", "%m.%d.%y"])
def test_a_column_that_can_be_read_in_two_ways_is_asked_for(tmp_path: Path, format: str) -> None:
    frame = table().with_columns(pl.col("time").dt.replace(day=pl.col("time").dt.day().clip(1, 12)))
    line = (
        r"^column 'time': .* may be \d+ \w+ 2024 \(%d/%m/%Y\) or \d+ \w+ 2024 \(%m/%d/%Y\); write prepare.time_format: "
        r"'%d/%m/%Y' or '%m/%d/%Y'$"
    )
    with pytest.raises(DataError, match=line):
        run(frame.with_columns(time=told(format)), tmp_path / "a")
    assert not (tmp_path / "a" / "schema.yaml").exists()
    data = run(frame.with_columns(time=told(format)).sort("time"), tmp_path / "b", time_format=format, split=SHORT)
    assert report(data)["findings"]["invalid"]["count"] == 0


SHORT = Split(train=5.0, validation=2.0, test=2.0)


@pytest.mark.parametrize(
    ("time", "line"),
    [
        (told("%Y-%m-%d %H:%M CET"), r"row 0: '.* CET': 'CET' is not one offset everywhere .*write the offset"),
        (told("%H:%M"), r"holds no time: found neither dates with times .*but row 0: '01:06'"),
        ((pl.col("time").dt.epoch("s") / 86_400 + 25_569).floor(), r"45352 may be Excel's number of 1 March 2024"),
        (
            pl.when(pl.int_range(pl.len()) % 2 == 0).then(told("%d/%m/%Y")).otherwise(told("%m/%d/%Y")),
            r"reads \d+ of 400 values, not row \d+: '.*'; mend the data, or write prepare.time_format",
        ),
        (
            pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.col("time").dt.epoch("s")).otherwise(
                pl.col("time").dt.epoch("ms")
            ),
            r"times in no one unit \(200 in seconds, 200 in milliseconds\)",
        ),
    ],
    ids=["a zone's name", "no date", "Excel", "both orders", "both units"],
)  # fmt: skip
def test_what_is_not_clear_is_asked_for_in_one_line(tmp_path: Path, time: pl.Expr, line: str) -> None:
    with pytest.raises(DataError, match=line):
        run(table(time=time), tmp_path)


def test_a_format_may_be_given(tmp_path: Path) -> None:
    days = (pl.col("time").dt.epoch("s") / 86_400 + 25_569).floor()
    data = run(table(time=days), tmp_path / "a", time_format="excel")
    assert report(data)["read"][:1] == ["dates in 'time' are read as Excel's days (excel): 45352 is 1 March 2024"]
    with pytest.raises(DataError, match=r"the format '%d/%m/%Y' reads 0 of 400 values, not row 0: '.*'; see prepare"):
        run(table(time=told("%b %d at %H:%M")), tmp_path / "b", time_format="%d/%m/%Y")


def test_few_values_of_another_form_are_counted_and_shown(tmp_path: Path) -> None:
    time = pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("31/31/2024")).otherwise(told("%d/%m/%Y %H:%M"))
    data = run(table(time=time), tmp_path)
    found = report(data)["findings"]["invalid"]
    assert (found["count"], found["examples"]) == (1, ["row 7: time = '31/31/2024'"])


def test_dates_that_are_no_times_of_records_are_known_for_dates(tmp_path: Path) -> None:
    data = run(table(born=told("%d.%m.%Y"), paid=told("%d.%m.%Y").str.replace("^..", "11")), tmp_path)
    assert data.input["features"] == ["amount", "weekend", "night"]
    assert report(data)["findings"]["unused"]["examples"] == ["born", "paid"]
