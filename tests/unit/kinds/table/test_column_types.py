"""What columns are read as beside numbers and categories: dates that are not the time of a record, and free text."""

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import TypeAdapter

from components.config.errors import DataError
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.table import codec, sample
from components.kinds.table.codec import schema
from components.kinds.table.codec.dates import of_dates, part_names
from components.kinds.table.codec.reader import Reader
from components.kinds.table.evaluation.corruption import corruptions_of
from components.kinds.table.params import Columns, Limits, Prepare
from components.kinds.table.prepare import prepare

ROWS = 300
CONFIG = Prepare(columns=Columns(label="left"))
START = datetime(2019, 5, 17)


def table(**columns: Any) -> pl.DataFrame:
    random = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"price": np.round(random.gamma(3.0, 12.0, ROWS), 2), "left": (random.random(ROWS) < 0.3).astype(np.int64)}
    )
    return frame.with_columns(**columns)


def run(frame: pl.DataFrame, folder: Path, config: Prepare = CONFIG) -> PreparedData:
    out = folder / "prepared"
    out.mkdir(parents=True)
    frame.write_parquet(folder / "records.parquet")
    prepare(folder / "records.parquet", out, config, folder / "schema.yaml")
    return open_prepared(out)


def read(data: PreparedData) -> list[str]:
    return list(json.loads((data.path / "report.json").read_text())["read"])


def days(count: int = ROWS) -> list[date | None]:
    """Dates of ten years, some missing."""
    return [None if index % 10 == 3 else (START + timedelta(days=index * 12)).date() for index in range(count)]


def test_of_dates_is_what_the_calendar_says() -> None:
    moments = [START.replace(tzinfo=UTC) + timedelta(hours=index * 77 - 9_000_00) for index in range(400)]
    times = np.array([moment.timestamp() * 1_000 for moment in moments])
    made = of_dates(np.append(times, np.nan), ("days", "year", "week", "day"))
    assert part_names("a", ("days", "year")) == ["a_days", "a_year_sin", "a_year_cos"]
    assert made.shape == (401, 7)
    assert np.isnan(made[-1]).all()
    for row, moment in zip(made.tolist(), moments, strict=False):
        assert row[0] == moment.timestamp() / 86_400
        places = [((moment.timetuple().tm_yday - 1), 366), (moment.weekday(), 7), (moment.hour, 24)]
        angles = [2 * np.pi * place / length for place, length in places]
        assert row[1:] == pytest.approx([turn(angle) for angle in angles for turn in (np.sin, np.cos)])


def test_dates_are_numbers_in_training_and_at_the_endpoint(tmp_path: Path) -> None:
    """To the bit, missing ones too."""
    opened = [START + timedelta(hours=7 * index, seconds=index) for index in range(ROWS)]
    data = run(table(signup=pl.Series(days()), opened=pl.Series(opened)), tmp_path)
    assert data.input["definition"]["dates"] == {
        "opened": ["days", "year", "week", "day"],
        "signup": ["days", "year", "week"],
    }
    assert data.input["features"][:3] == ["price", "opened_days", "opened_year_sin"]
    kept = schema.read(tmp_path / "schema.yaml").columns["signup"]
    assert (kept.type, kept.parts) == ("date", ("days", "year", "week"))
    assert any(
        sentence.startswith("of the dates in 'signup', 'opened' features are made; if one") for sentence in read(data)
    )
    rows = sample.requests(data, range(data.counts["test"]), complete=False)
    assert any(row["signup"] is None for row in rows)
    expected = np.asarray(data.inputs("test"))
    with closing(Reader("contracts", data.input, {}, data.path / "serving", None)) as endpoint:
        assert endpoint.read(rows).tobytes() == expected.tobytes()
        asked = TypeAdapter(codec.request(data.input)).validate_python(rows)
        assert endpoint.read(codec.rows(asked)).tobytes() == expected.tobytes()
        assert np.concatenate([endpoint.read([row]) for row in rows]).tobytes() == expected.tobytes()
    assert codec.fields(data.input)["signup"] == ("string", False)


def test_dates_in_texts_are_read_by_the_format_of_their_column(tmp_path: Path) -> None:
    told = pl.Series(days()).dt.strftime("%d/%m/%Y")
    plain = run(table(signup=pl.Series(days())), tmp_path / "plain")
    data = run(table(signup=told), tmp_path / "told")
    for split in ("train", "test"):
        assert np.asarray(data.inputs(split)).tobytes() == np.asarray(plain.inputs(split)).tobytes()  # type: ignore[arg-type]
    request = TypeAdapter(codec.request(data.input))
    row = codec.rows(request.validate_python({"price": 1.0, "signup": "28/02/2021"}))
    with closing(Reader("contracts", data.input, {}, data.path / "serving", None)) as endpoint:
        assert endpoint.read(row)[0, 1] == date(2021, 2, 28).toordinal() - date(1970, 1, 1).toordinal()
    broken = table(signup=pl.when(pl.int_range(ROWS) == 4).then(pl.lit("soon")).otherwise(told))
    data = run(broken, tmp_path / "broken", CONFIG.model_copy(update={"limits": Limits(invalid=1)}))
    assert sum(data.counts.values()) == ROWS - 1
    assert json.loads((data.path / "report.json").read_text())["findings"]["invalid"]["examples"] == [
        "row 4: signup = 'soon'"
    ]


def test_a_date_that_is_there_for_one_class_alone_tells_the_label(tmp_path: Path) -> None:
    cancelled = pl.when(pl.col("left") == 1).then(pl.Series([START + timedelta(days=index) for index in range(ROWS)]))
    with pytest.raises(DataError, match=r"leaks: 1 \(column 'cancelled': ROC AUC 1.0 by itself"):
        run(table(cancelled=cancelled), tmp_path)


def test_a_date_that_is_lost_is_lost_as_a_whole(tmp_path: Path) -> None:
    data = run(table(signup=pl.Series(days()).fill_null(START.date())), tmp_path)
    examples = np.asarray(data.inputs("train"))
    lost = np.isnan(corruptions_of(data.input)["missing"](examples, 3, 0))
    made = [data.input["features"].index(name) for name in part_names("signup", ("days", "year", "week"))]
    assert 0.1 < lost[:, made[0]].mean() < 0.3
    assert (lost[:, made] == lost[:, made[:1]]).all()
    assert 0.1 < lost[:, 0].mean() < 0.3


def notes(count: int = ROWS) -> pl.Series:
    random = np.random.default_rng(1)
    words = np.array(["the", "customer", "called", "about", "a", "late", "invoice", "again", "and", "asked"])
    return pl.Series([" ".join(random.choice(words, 8)) for _ in range(count)])


def test_free_text_is_left_out_and_said(tmp_path: Path) -> None:
    data = run(table(note=notes()), tmp_path)
    assert data.input["features"] == ["price"]
    assert schema.read(tmp_path / "schema.yaml").columns["note"].type == "text"
    (said,) = [sentence for sentence in read(data) if "free text" in sentence]
    assert said.startswith("'note' holds free text, of which no feature is made; ")
    assert "note" in data.input["passed_over"]  # a caller may send it along
    request = TypeAdapter(codec.request(data.input))
    assert codec.rows(request.validate_python({"price": 1.0, "note": "hello"})) == [{"price": 1.0}]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([f"the plan of the year {2000 + index % 40}" for index in range(ROWS)]),  # long, and told apart
        pl.Series([f"Berlin {index}" for index in range(ROWS)]),  # different, and short
    ],
)
def test_texts_that_are_short_or_come_again_stay_categories(column: pl.Series, tmp_path: Path) -> None:
    data = run(table(plan=column), tmp_path)
    assert data.input["features"] == ["price", "plan"]


def test_a_text_that_is_named_stays_a_category(tmp_path: Path) -> None:
    config = Prepare(columns=Columns(label="left", text=["note"]), limits=Limits(unknown=None))
    data = run(table(note=notes()), tmp_path, config)
    assert data.input["features"] == ["price", "note"]
