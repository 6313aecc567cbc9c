"""Columns of texts in the raw table: read where all their values can be read in one way, else asked for in one line."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import TypeAdapter

from components.config.errors import DataError
from components.data.ingest import _write
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.raw import Origin
from components.kinds.table import codec, source
from components.kinds.table.codec import schema
from components.kinds.table.params import Columns, Prepare, Split
from components.kinds.table.prepare import prepare
from components.kinds.table.sample import requests
from components.kinds.times import reading

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
        "dates in 'time' are read as month/day/year (%m/%d/%Y): 03/01/2024 01:06 is 1 March 2024, 01:06 UTC"
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
    other = "%m.%d.%Y" if "." in format else "%m/%d/%Y"
    line = (
        rf"^column 'time': .* may be \d+ \w+ 2024 \(%d/%m/%Y\) or \d+ \w+ 2024 \({other}\); write "
        rf"prepare.time_format: '%d/%m/%Y' or '{other}'$"
    )
    with pytest.raises(DataError, match=line):
        run(frame.with_columns(time=told(format)), tmp_path / "a")
    assert not (tmp_path / "a" / "schema.yaml").exists()
    data = run(frame.with_columns(time=told(format)).sort("time"), tmp_path / "b", time_format=format, split=SHORT)
    assert report(data)["findings"]["invalid"]["count"] == 0


def test_month_first_with_dots_is_read_if_the_column_has_them_and_not_from_a_caller_of_one_with_slashes(
    tmp_path: Path,
) -> None:
    data = run(table(time=told("%m.%d.%Y %H:%M")), tmp_path / "a")
    assert "month.day.year (%m.%d.%Y)" in " ".join(report(data)["read"])
    data = run(table(time=told("%m.%d.%Y %H:%M")), tmp_path / "b", time_format="month first")
    assert report(data)["findings"]["invalid"]["count"] == 0
    assert reading.of_text("02.03.2024", "%m/%d/%Y") is None
    assert reading.of_text("02.03.2024", "%m.%d.%Y") == reading.of_text("02/03/2024", "%m/%d/%Y")


def test_nanoseconds_in_text_are_a_time(tmp_path: Path) -> None:
    data = run(table(time=pl.col("time").dt.epoch("ns").cast(pl.String)), tmp_path / "a")
    assert "nanoseconds since 1970" in " ".join(report(data)["read"])


SHORT = Split(train=5.0, validation=2.0, test=2.0)


@pytest.mark.parametrize(
    ("time", "line"),
    [
        (told("%Y-%m-%d %H:%M CET"), r"'.* CET': 'CET' is not one offset everywhere .*write the offset"),
        (told("%H:%M"), r"holds no time: found neither dates with times .*but row 0: '01:06'"),
        (told("%y%m%d").cast(pl.Int64), r"240301 may be 1 March 2024 \(%y%m%d\), or a number of seconds since 1970"),
        (told("%d%m%Y").cast(pl.Int64), r"1032024 may be 1 March 2024 \(%d%m%Y\), or a number of seconds since 1970"),
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
    ids=["a zone's name", "no date", "short digits", "digits", "Excel", "both orders", "both units"],
)  # fmt: skip
def test_what_is_not_clear_is_asked_for_in_one_line(tmp_path: Path, time: pl.Expr, line: str) -> None:
    with pytest.raises(DataError, match=line):
        run(table(time=time), tmp_path)


@pytest.mark.parametrize(
    ("format", "kept"),
    [("%d.%m.%y", "%d/%m/%Y"), ("%y-%m-%d", "%y/%m/%d"), ("%Y-%d-%m %H:%M", "%Y-%d-%m"), ("%d %B %Y", "%d %b %Y")],
)
def test_years_and_days_are_told_apart(tmp_path: Path, format: str, kept: str) -> None:
    data = run(table(time=told(format)), tmp_path)
    assert schema.read(tmp_path / "schema.yaml").columns["time"].format == kept
    assert report(data)["splits"]["test"][1] == "2024-04-10"


def test_one_wrong_date_does_not_change_the_reading_of_the_others(tmp_path: Path) -> None:
    for name, wrong in (("a", "2024-31-03"), ("b", "03/31/2024")):
        time = pl.when(pl.int_range(pl.len()) == 7).then(pl.lit(wrong)).otherwise(told("%Y-%m-%d %H:%M"))
        data = run(table(time=time), tmp_path / name)
        assert report(data)["findings"]["invalid"]["count"] == (1 if name == "a" else 0)


def test_seconds_may_have_a_decimal_comma(tmp_path: Path) -> None:
    data = run(table(time=comma(pl.col("time").dt.epoch("ms") / 1_000)), tmp_path)
    assert report(data)["splits"]["test"][1] == "2024-04-10"


def test_numbers_that_count_hours_are_asked_for(tmp_path: Path) -> None:
    hours = (pl.col("time").dt.epoch("s") - pl.col("time").dt.epoch("s").min()) // 3_600
    with pytest.raises(DataError, match=r"the table has 1 days .*\. Numbers of hours or days\? See prepare.time"):
        run(table(time=hours), tmp_path / "a")
    data = run(table(time=hours), tmp_path / "b", time_format="hours")
    assert report(data)["splits"]["test"][1] == "1970-02-10"


def test_times_of_day_are_no_kinds_of_a_thing(tmp_path: Path) -> None:
    data = run(table(clock=told("%H:%M")), tmp_path)
    assert data.input["features"] == ["amount", "weekend", "night"]
    assert "'clock' holds times of day (01:06), of which no feature is made" in report(data)["read"]


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
    ambiguous = told("%d.%m.%Y").str.replace("^..", "11")
    frame = table(born=told("%d.%m.%Y"), paid=ambiguous, opens=told("%H:%M"))
    asked = (
        r"column 'paid': 11.\d\d.2024 may be 11 \w+ .* write prepare.time_format: '%d/%m/%Y' or .*, or name it in pr"
    )
    with pytest.raises(DataError, match=asked):
        run(frame, tmp_path / "asked")
    data = run(frame.with_columns(time=told("%d.%m.%Y %H:%M")), tmp_path / "told")
    assert data.input["definition"]["dates"] == {"born": ["days", "year", "week"], "paid": ["days", "year", "week"]}
    assert report(data)["findings"]["unused"]["examples"] == ["opens"]
    assert "of the dates in 'born', 'paid' features are made" in report(data)["read"]


# Numbers


def comma(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).str.replace(".", ",", literal=True)


def german(number: pl.Expr) -> pl.Expr:
    """Return `1.234,5 €` of `1234.5`."""
    whole = number.floor().cast(pl.Int64)
    head, rest = whole // 1_000, (whole % 1_000).cast(pl.String).str.zfill(3)
    grouped = pl.when(head > 0).then(head.cast(pl.String) + "." + rest).otherwise((whole % 1_000).cast(pl.String))
    decimals = ((number * 100).round().cast(pl.Int64) % 100).cast(pl.String).str.zfill(2)
    return grouped + "," + decimals + " €"


AMOUNT = pl.col("amount")


@pytest.mark.parametrize(
    "written",
    [
        comma(AMOUNT),
        german(AMOUNT),
        AMOUNT.cast(pl.String) + " USD",
        pl.lit("$") + AMOUNT.cast(pl.String),
        pl.lit("'") + AMOUNT.cast(pl.String),
        AMOUNT.cast(pl.String) + "\u00a0",
        pl.when(AMOUNT > 500).then("€" + AMOUNT.cast(pl.String)).otherwise(AMOUNT.cast(pl.String)),
    ],
    ids=["comma", "thousands", "code", "sign", "apostrophe", "blank", "sign on some"],
)
def test_a_number_is_one_however_it_is_written(tmp_path: Path, written: pl.Expr) -> None:
    plain, data = run(table(), tmp_path / "a"), run(table(amount=written), tmp_path / "b")
    assert np.array_equal(data.inputs("train"), plain.inputs("train"), equal_nan=True)
    assert data.input["features"] == plain.input["features"]
    column = schema.read(tmp_path / "b" / "schema.yaml").columns["amount"]
    assert column.type == "number"
    assert any("numbers in 'amount' are read with a decimal" in line for line in report(data)["read"])


def test_what_stands_for_nothing_in_a_column_of_numbers_is_missing(tmp_path: Path) -> None:
    words = pl.Series(["-", "n.a.", "#N/A", "unknown", "  ", "?"])
    some = pl.int_range(pl.len()) % 7 == 0
    told = pl.when(some).then(pl.lit(words).gather(pl.int_range(pl.len()) % 6)).otherwise(comma(AMOUNT))
    plain = run(table(rate=pl.when(~some).then(AMOUNT)), tmp_path / "a")
    data = run(table(rate=told), tmp_path / "b")
    assert np.array_equal(data.inputs("train"), plain.inputs("train"), equal_nan=True)


def test_a_number_but_for_a_few_values_names_them(tmp_path: Path) -> None:
    odd = pl.when(pl.int_range(pl.len()) % 100 == 17).then(pl.lit("see note")).otherwise(comma(AMOUNT))
    line = (
        r"^column 'rate' is a number but for 4 of 400 values \(row 17: 'see note', row 117: 'see note', row 217: "
        r"'see note'\); mend them, or write prepare.nulls: \['see note'\], if they mean that there is none, or "
        r"prepare.columns.text: \[rate\], if it is text$"
    )
    with pytest.raises(DataError, match=line):
        run(table(rate=odd), tmp_path / "a")
    data = run(table(rate=odd), tmp_path / "b", nulls=["see note"])
    assert "rate" in data.input["features"]
    assert data.input["schema"]["nulls"] == ["see note"]
    columns = CONFIG.columns.model_copy(update={"text": ["rate"]})
    data = run(table(rate=odd), tmp_path / "c", columns=columns)
    assert schema.read(tmp_path / "c" / "schema.yaml").columns["rate"].type == "category"


def test_once_there_is_a_schema_what_is_no_number_is_counted(tmp_path: Path) -> None:
    run(table(rate=comma(AMOUNT)), tmp_path / "a")
    odd = pl.when(pl.int_range(pl.len()) == 17).then(pl.lit("see note")).otherwise(comma(AMOUNT))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "schema.yaml").write_text((tmp_path / "a" / "schema.yaml").read_text())
    found = report(run(table(rate=odd), tmp_path / "b"))["findings"]["invalid"]
    assert (found["examples"], found["columns"]) == (["row 17: rate = 'see note'"], {"rate": 1})


THOUSANDS = (
    pl.when(AMOUNT > 1_000)
    .then(german(AMOUNT).str.slice(0, 5))
    .otherwise(AMOUNT.floor().cast(pl.Int64).cast(pl.String))
)


def test_a_sign_that_can_be_both_is_asked_for(tmp_path: Path) -> None:
    only = table().select("time", "bad", amount=THOUSANDS)
    line = (
        r"^column 'amount': (\d)\.(\d+) may be \1\.\d+ \(prepare.decimal: '\.'\) or \1\2 \(prepare.decimal: ','\); "
        r"write which of the two is the decimal sign$"
    )
    with pytest.raises(DataError, match=line):
        run(only, tmp_path / "a")
    data = run(only, tmp_path / "b", decimal=",")
    assert schema.read(tmp_path / "b" / "schema.yaml").columns["amount"].type == "integer"
    data = run(only.with_columns(rate=comma(table()["amount"] / 7)), tmp_path / "c")  # the other column settles it
    assert data.inputs("train")[:, 0].max() > 1_000


def test_numbers_with_both_signs_are_shown(tmp_path: Path) -> None:
    both = pl.when(pl.int_range(pl.len()) % 10 == 0).then(AMOUNT.cast(pl.String)).otherwise(comma(AMOUNT))
    with pytest.raises(
        DataError, match=r"column 'rate': 360 numbers have the decimal sign ',', and 40 have '.' \(row 0"
    ):
        run(table(rate=both), tmp_path)


def test_numbers_of_several_units_are_asked_for(tmp_path: Path) -> None:
    heavy = (
        pl.when(AMOUNT > 500).then((AMOUNT / 1_000).cast(pl.String) + " kg").otherwise(AMOUNT.cast(pl.String) + " g")
    )
    with pytest.raises(DataError, match=r"column 'weight': its numbers have several units \(kg: \d+, g: \d+\); bring"):
        run(table(weight=heavy), tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        pl.format("0{}", pl.int_range(pl.len()) % 40 + 1_000),
        pl.format("+49 301 {} 567", pl.int_range(pl.len()) % 40 + 100),
        pl.format("A{}", pl.int_range(pl.len()) % 40),
        pl.format("1.{}.3", pl.int_range(pl.len()) % 40),
        pl.format("{}", pl.int_range(pl.len()) % 40),
        pl.format("{}+", pl.int_range(pl.len()) % 4),
        pl.format("10.0.{}.100", pl.int_range(pl.len()) % 40),
        pl.format("4111 1111 1111 11{}", pl.int_range(pl.len()) % 40 + 10),
        pl.format("{} to 12", pl.int_range(pl.len()) % 4),
    ],
    ids=["postcode", "phone", "code", "version", "kind", "open end", "address", "card", "range"],
)
def test_names_that_look_like_numbers_stay_text(tmp_path: Path, name: pl.Expr) -> None:
    run(table(kind=name), tmp_path)
    assert schema.read(tmp_path / "schema.yaml").columns["kind"].type == "category"


def test_a_column_may_be_taken_as_text(tmp_path: Path) -> None:
    columns = CONFIG.columns.model_copy(update={"text": ["shop"]})
    data = run(table(shop=(pl.int_range(pl.len()) % 5).cast(pl.Float64)), tmp_path, columns=columns)
    assert data.input["definition"]["categories"] == {"shop": ["0", "1", "2", "3", "4"]}


def test_the_endpoint_reads_the_very_texts_of_the_table(tmp_path: Path) -> None:
    frame = table(time=told("%m/%d/%Y %I:%M %p"), amount=german(AMOUNT))
    data = run(frame, tmp_path)
    rows = frame.tail(data.counts["test"]).drop("bad").to_dicts()
    request = TypeAdapter(codec.request(data.input))
    records = codec.rows(request.validate_python(rows))
    reader = codec.Reader("pay", data.input, {}, data.path / "serving", None)
    assert np.array_equal(reader.read(records), data.inputs("test"))
    sent = [request.validate_python(row) for row in requests(data, range(5), False)]  # as the flow asks an endpoint
    assert np.array_equal(reader.read(codec.rows(sent)), data.inputs("test")[:5])


# CSV files


def ingested(content: bytes, folder: Path) -> PreparedData:
    """Prepare a CSV file in `folder`."""
    folder.mkdir()
    (folder / "pay.csv").write_bytes(content)
    raw = source.open(Origin(str(folder / "pay.csv"), None, None))
    _write(folder / "records.parquet", raw)
    (folder / "prepared").mkdir()
    prepare(folder / "records.parquet", folder / "prepared", CONFIG, folder / "schema.yaml")
    return open_prepared(folder / "prepared")


def test_an_american_and_a_german_file_come_to_the_same(tmp_path: Path) -> None:
    american = table(time=told("%m/%d/%Y %I:%M %p"))
    other = table(time=told("%d.%m.%Y %H:%M"), amount=german(AMOUNT), town=pl.lit("Köln"))
    texts = {"a": american.write_csv().encode(), "b": other.write_csv(separator=";").encode("cp1252")}
    found = {name: ingested(content, tmp_path / name) for name, content in texts.items()}
    assert np.array_equal(found["a"].inputs("train"), found["b"].inputs("train")[:, :3])
    assert report(found["b"])["read"][:3] == [
        "pay.csv is read with a semicolon between the values, letters in the encoding cp1252",
        "dates in 'time' are read as day/month/year (%d/%m/%Y): 01.03.2024 01:06 is 1 March 2024, 01:06 UTC",
        report(found["b"])["read"][2],
    ]
    csv = schema.read(tmp_path / "b" / "schema.yaml").csv
    assert csv is not None
    assert (csv.separator, csv.encoding) == (";", "cp1252")


@pytest.mark.parametrize("written", ["${:,.2f}", "{:.1f} kg", "({:.2f})", "{:.1f}%"])
def test_a_label_of_numbers_as_people_write_them_is_a_regression(written: str, tmp_path: Path) -> None:
    values = np.linspace(1_000, 9_000, ROWS)
    data = run(table(bad=pl.Series([written.format(value) for value in values])), tmp_path)
    assert any("task: regression" in said for said in report(data)["read"])
    again = tmp_path / "again"
    again.mkdir()
    (again / "schema.yaml").write_text((tmp_path / "schema.yaml").read_text())
    few = table(bad=pl.Series([written.format(value) for value in values])).head(ROWS - 20)
    assert any("task: regression" in said for said in report(run(few, again))["read"])


def test_a_label_of_few_values_stays_one_of_classes(tmp_path: Path) -> None:
    data = run(table(bad=pl.Series(["5 kg", "10 kg", "20 kg", "25 kg"] * (ROWS // 4))), tmp_path)
    assert any("task: classification" in said for said in report(data)["read"])


def test_a_number_that_stands_for_none_is_noticed(tmp_path: Path) -> None:
    strange = pl.when(pl.int_range(pl.len()) % 40 == 0).then(-999.0).otherwise("amount")
    usual = pl.when(pl.int_range(pl.len()) % 40 == 0).then(99.0).otherwise("amount")
    found = report(run(table(weight=strange, height=usual), tmp_path))["findings"]["placeholders"]
    assert found["count"] == 1
    assert found["examples"][0].startswith("weight = -999 in 10 records, the others ")
