from pathlib import Path

import polars as pl
import pytest

from components.config.errors import DataError
from components.prediction_log.description import Description, describe
from components.prediction_log.writer import Writer
from flows.log import log
from tests.unit.prediction_log.test_reader import at
from tests.unit.prediction_log.test_record import answered


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of garments: two requests of callers on two days, and one of the page; another one still writes."""
    monkeypatch.setenv("JOURNEYMAN_LOG_DIR", str(tmp_path))
    folder = tmp_path / "garments"
    describe(folder, Description(workload="garments", kind="image", task="classification"))
    writer = Writer.open(folder)
    writer.answered(answered(2, records=False, time_us=at(1), request_id="first"))
    writer.refused("busy")
    writer.close()
    still = Writer.open(folder)
    still.answered(answered(1, records=False, time_us=at(30), version="13", answers=[b'{"value":3.5}']))
    still.answered(answered(1, records=False, time_us=at(31), version="13", origin="page"))
    return folder


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]


def test_rows_are_counted_by_day_version_and_label(folder: Path) -> None:
    shown = log("garments")
    assert ["2026-11-02", "12", "2", "0", "0"] in cells(shown)
    assert ["2026-11-03", "13", "1", "0", "1"] in cells(shown)
    assert ["12", "cup", "2", "100.0%"] in cells(shown)
    assert ["13", "a number", "1", "100.0%"] in cells(shown)
    assert "refused: 1 busy" in shown


def test_the_latest_rows_are_shown(folder: Path) -> None:
    times = [row[0] for row in cells(log("garments", last=2)) if row[0].startswith("2026") and " " in row[0]]
    assert times == ["2026-11-03 06:00:00", "2026-11-03 07:00:00"]
    assert not [row for row in cells(log("garments", last=0)) if " " in row[0]]


def test_a_row_is_found_by_the_id_of_its_request(folder: Path) -> None:
    shown = log("garments", row="first")
    assert ["answer", '{"label":"cup","n":1}'] in cells(shown)
    said = "".join(row[1] for row in cells(shown) if len(row) > 1)  # a long path has several lines
    assert any(str(path) in said for path in folder.glob("day=*/*.parquet"))
    with pytest.raises(DataError, match="'nobody'"):
        log("garments", row="nobody")


def test_all_rows_are_exported_for_other_tools(folder: Path, tmp_path: Path) -> None:
    assert log("garments", export=tmp_path / "rows.parquet").startswith("4 rows")
    read = pl.read_parquet(tmp_path / "rows.parquet")
    assert sorted(read["version"].cast(pl.String)) == ["12", "12", "13", "13"]
    with pytest.raises(DataError, match="cannot be written"):
        log("garments", export=Path("/proc/rows.parquet"))
