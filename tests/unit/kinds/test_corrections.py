"""Labels that are put right by a file, for pictures and for tables; the user's own files stay as they are."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from components.config.errors import DataError
from components.kinds.corrections import Correction, as_csv, read_corrections
from components.kinds.image.params import Prepare as Pictures
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.resplit import all_examples
from components.kinds.table.params import Columns, Prepare
from components.kinds.table.prepare import prepare
from components.kinds.table.prepare.corrections import name_of
from tests.unit.kinds.image import preparing

FILE = "data/corrections/mine.csv"
Correct = Callable[..., str]


@pytest.fixture
def correct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Correct:
    """Write a file of corrections into the project's folder; return what the parameter says."""
    monkeypatch.chdir(tmp_path)

    def write(*rows: tuple[str, str, str]) -> str:
        Path(FILE).parent.mkdir(parents=True, exist_ok=True)
        Path(FILE).write_text(as_csv(Correction(*row, "eve", "2026-11-29") for row in rows))
        return FILE

    return write


def labels(data: PreparedData) -> dict[int, str]:
    """The labels by the number of the raw record."""
    found = zip(all_examples(data, "rows"), all_examples(data, "labels"), strict=True)
    return {int(row): data.classes[label] if label >= 0 else "" for row, label in found}


def test_pictures_have_other_labels_and_the_files_stay(pictures: Path, correct: Correct) -> None:
    before = {path: path.read_bytes() for path in pictures.rglob("*.png")}
    was, _ = preparing.prepared(pictures)
    file = correct(("source/cup/03.png", "cup", "plate"), ("source/plate/05.png", "plate", ""))
    data, report = preparing.prepared(pictures, corrections=file)
    now = labels(data)
    moved = {row: (label, now.get(row)) for row, label in labels(was).items() if now.get(row) != label}
    assert moved == {3: ("cup", "plate"), 12 + 5: ("plate", None)}
    assert report["read"][-1].startswith("2 labels are corrected by data/corrections/mine.csv, 1 of them to none")
    assert not report["unlabelled"]
    assert {path: path.read_bytes() for path in pictures.rglob("*.png")} == before


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("source/cup/99.png", "cup", "plate"), "'source/cup/99.png' is no picture of the source: correct the line"),
        (("source/cup/03.png", "plate", "cup"), "has the label 'cup', not 'plate'"),
        (("source/cup/03.png", "cup", "plaet"), "is to be 'plaet', a label that no picture has"),
    ],
)
def test_what_does_not_fit_the_pictures_is_named(
    row: tuple[str, str, str], said: str, pictures: Path, correct: Correct
) -> None:
    with pytest.raises(DataError, match=said):
        preparing.prepared(pictures, corrections=correct(row))


def shop() -> pl.DataFrame:
    random = np.random.default_rng(3)
    size = random.random(120)
    return pl.DataFrame(
        {
            "order": [f"o{number}" for number in range(120)],
            "size": size,
            "bought": ["yes" if value > 0.5 else "no" for value in size + random.normal(0, 0.3, 120)],
        }
    )


def table(frame: pl.DataFrame, folder: Path, corrections: str | None, **columns: Any) -> tuple[PreparedData, list[str]]:
    out = folder / "prepared"
    out.mkdir(parents=True)
    frame.write_parquet(folder / "records.parquet", row_group_size=50)
    config = Prepare(columns=Columns(label="bought", **columns), corrections=corrections)
    prepare(folder / "records.parquet", out, config, folder / "schema.yaml")
    return open_prepared(out), json.loads((out / "report.json").read_text())["read"]


def test_records_have_other_labels_by_their_id(tmp_path: Path, correct: Correct) -> None:
    was, _ = table(shop(), tmp_path / "was", None, id="order")
    kept = next(row for row in was.array("train", "rows").tolist() if row != 7)
    given = labels(was)[7]
    other = "no" if given == "yes" else "yes"
    file = correct(("o7", given, other), (f"o{kept}", labels(was)[kept], ""))
    data, read = table(shop(), tmp_path / "is", file, id="order")
    moved = {row: labels(data)[row] for row in labels(data) if labels(data)[row] != labels(was)[row]}
    assert moved == {7: other, kept: ""}
    assert "2 labels are corrected by data/corrections/mine.csv, 1 of them to none, so" in " ".join(read)
    assert not (data.path / "corrected.parquet").exists()


def test_without_an_id_a_record_is_found_as_long_as_it_stands_where_it_did(tmp_path: Path, correct: Correct) -> None:
    frame = shop()
    name = name_of(frame.row(60, named=True), 60, Columns(label="bought"))
    given = frame["bought"][60]
    file = correct((name, given, "no" if given == "yes" else "yes"))
    data, _ = table(frame, tmp_path / "is", file)
    assert labels(data)[60] != given
    with pytest.raises(DataError, match=r"'60-[0-9a-f]{16}' is no record of the source, or no longer at its row"):
        table(frame[1:], tmp_path / "moved", file)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("o500", "yes", "no"), "'o500' is no record of the source"),
        (("o7", "maybe", "no"), "'o7' has '(yes|no)', not 'maybe'"),
    ],
)
def test_what_does_not_fit_the_table_is_named(
    row: tuple[str, str, str], said: str, tmp_path: Path, correct: Correct
) -> None:
    with pytest.raises(DataError, match=said):
        table(shop(), tmp_path / "is", correct(row), id="order")


def test_a_number_is_no_text(tmp_path: Path, correct: Correct) -> None:
    frame = shop().with_columns(bought=(pl.col("bought") == "yes").cast(pl.Int64))
    file = correct(("o7", str(frame["bought"][7]), "perhaps"))
    with pytest.raises(DataError, match="'perhaps' can be no label: the column 'bought' holds int64"):
        table(frame, tmp_path / "is", file, id="order")
    file = correct(("o7", str(frame["bought"][7]), str(1 - frame["bought"][7])))
    data, _ = table(frame, tmp_path / "right", file, id="order")
    assert labels(data)[7] == str(1 - frame["bought"][7])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("a,b\n", "its first line has to be name,given,label,by,at"),
        ("name,given,label,by,at\no1,no\n", "line 2: 5 values are needed"),
        ("name,given,label,by,at\no1,no,yes,,\no1,no,yes,,\n", "line 3: 'o1' is corrected twice"),
    ],
)
def test_another_file_is_refused(content: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=said):
        read_corrections(path)


def test_a_file_that_dvc_does_not_know_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected a CSV file in data/corrections"):
        Pictures(corrections="elsewhere/mine.csv")
