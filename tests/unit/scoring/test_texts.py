"""CSV files to be scored: read as the table was that a workload was trained from."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import TypeAdapter

from components.config.errors import ConfigError, DataError
from components.inference.bundle import About
from components.kinds.table import codec
from components.scoring import texts
from components.scoring.source import open_source
from tests.unit.kinds.table.test_reading import AMOUNT, german, ingested, table, told
from tests.unit.kinds.table.test_records import INPUT


def about(input: dict) -> About:
    return About(
        format=1,
        workload="pay",
        kind="table",
        classes=("a", "b"),
        input=input,
        model_sha256="",
        serve={"max_bytes": 40},
    )


PAY = about(INPUT)
HEAD = "number;when;card;amount;online;country;note\n"
ROW = "{0};2018-04-01 00:00:31;c{0};{0}.5;true;;x\n"


def write(path: Path, rows: int, first: int = 0) -> Path:
    path.write_text(HEAD + "".join(ROW.format(first + place) for place in range(rows)))
    return path


@pytest.mark.parametrize("american", [True, False])
def test_the_very_csv_of_the_training_is_read_as_the_training_read_it(tmp_path: Path, american: bool) -> None:
    frame = table(time=told("%m/%d/%Y %I:%M %p"), rate=AMOUNT.round(0).cast(pl.Int64))
    if not american:
        frame = table(time=told("%d.%m.%Y %H:%M"), amount=german(AMOUNT), rate=german(AMOUNT))
    content = frame.write_csv(separator="," if american else ";").encode("utf-8" if american else "utf-16")
    data = ingested(content, tmp_path / "a")
    opened = open_source(tmp_path / "a" / "pay.csv", about(data.input), None)
    rows = [row for chunk in opened.chunks(0) for row in chunk.rows(100)]
    assert opened.count == len(rows) == len(frame)
    request = TypeAdapter(codec.request(data.input))
    records = [codec.rows(request.validate_python(row))[0] for row in rows[-data.counts["test"] :]]
    reader = codec.Reader("pay", data.input, {}, data.path / "serving", None)
    assert np.array_equal(reader.read(records), data.inputs("test"))


def test_texts_of_a_parquet_file_are_read_as_the_training_read_them(tmp_path: Path) -> None:
    data = ingested(table(amount=german(AMOUNT)).write_csv(separator=";").encode(), tmp_path / "a")
    table(amount=german(AMOUNT)).write_parquet(tmp_path / "pay.parquet")
    (chunk,) = open_source(tmp_path / "pay.parquet", about(data.input), None).chunks(0)
    row = codec.rows(TypeAdapter(codec.request(data.input)).validate_python(chunk.rows(100)[0]))[0]
    assert row["amount"] == table()["amount"][0]


@pytest.mark.parametrize("most", [500, 3_000, 10**6])
def test_chunks_are_the_same_from_wherever_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(texts, "CHUNK_BYTES", most)
    (tmp_path / "many").mkdir()
    write(tmp_path / "many" / "b.csv", 30, 20)
    write(tmp_path / "many" / "a.csv", 20)
    write(tmp_path / "many" / "_c.csv", 20)
    opened = open_source(tmp_path / "many", PAY, None)
    chunks = [(chunk.start, chunk.ids.to_pylist()) for chunk in opened.chunks(0)]
    assert [id for _, ids in chunks for id in ids] == list(range(50))
    assert opened.count == 50
    assert (len(chunks) > 2) == (most < 10**6)
    for place, (start, _) in enumerate(chunks):
        assert [(chunk.start, chunk.ids.to_pylist()) for chunk in opened.chunks(start)] == chunks[place:]


def test_a_value_that_cannot_be_read_is_told_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(HEAD + ROW.format(1) + "2;2018-04-01 00:00:31;c2;much;true;;x\n3;2018-04-01;c3;-;;de;\n;;;;;;\n")
    (chunk,) = open_source(path, PAY, None).chunks(0)
    rows = chunk.rows(100)
    assert [row["amount"] for row in rows] == ["1.5", "much", None]
    assert rows[2]["online"] is None
    assert chunk.ids.to_pylist() == [1, 2, 3]


def test_what_cannot_be_scored_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("number,amount\n1,2\n")
    with pytest.raises(DataError, match=r"t\.csv: no column 'when'; there are number, amount$"):
        open_source(tmp_path / "t.csv", PAY, None)
    (tmp_path / "users.csv").write_text("visitor,age\n1,2\n")
    input = {"length": 3, "exclude": 2, "items": 5, "digest": "", "repeats": False, "user": "user_id"}
    shop = PAY.model_copy(update={"kind": "interactions", "task": "ranking", "input": input})
    with pytest.raises(DataError, match=r"users\.csv: none of the columns user_id, recent, exclude; there are visitor"):
        open_source(tmp_path / "users.csv", shop, None)
    (tmp_path / "t.csv").write_text(HEAD + ROW.format(1) + "2;3\n")
    with pytest.raises(DataError, match=r"t\.csv: line 3: 2 values, but the header names 7; mend the row"):
        open_source(tmp_path / "t.csv", PAY, None)
    (tmp_path / "none").mkdir()
    with pytest.raises(ConfigError, match=r"expected are files \.parquet, \.pq, \.csv"):
        open_source(tmp_path / "none", PAY, None)
