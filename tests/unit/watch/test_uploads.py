"""What pictures were as they were sent: in the log of each answer, and told by day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from components.inference.bundle import new_bundle
from components.kinds.upload import Upload
from components.prediction_log.compaction import compact
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered
from components.prediction_log.summaries import Summaries
from components.prediction_log.writer import Writer
from components.watch.page import page
from components.watch.report import Range, UploadDay
from components.watch.watch import watch

FIRST = datetime(2026, 11, 2, 12, tzinfo=UTC)
BEFORE = [None, None]
FIRST_DAY = [Upload("PNG", 28, 28, 500), Upload("PNG", 28, 28, 700), Upload("JPEG", 640, 480, 40_000)]
SECOND_DAY = [Upload("JPEG", 20, 300, 9_000), Upload("TIFF", None, None, 90_000)]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Write the bundle of a version that was made before bundles had a reference."""
    path = tmp_path / "bundle"
    said = {"height": 28, "width": 28, "channels": 1}
    with new_bundle(
        path, workload="w", kind="image", task="classification", classes=("a", "b"), input=said, decision={}
    ) as draft:
        (draft / "model.onnx").write_bytes(b"")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a day of before, and two of which the log says what the files were."""
    found, ids = tmp_path / "log" / "w", EventIds()
    describe(found, Description(workload="w", kind="image", task="classification"))
    writer = Writer.open(found)
    for day, uploads in enumerate((BEFORE, FIRST_DAY, SECOND_DAY)):
        for upload in uploads:
            time = int((FIRST + timedelta(days=day)).timestamp() * 1e6)
            outputs, example = np.ones((1, 2), np.float32) / 2, np.zeros((1, 28, 28, 1), np.uint8)
            said = () if upload is None else (upload.json(),)
            writer.answered(
                Answered(ids.new(), time, 0.01, "1", "r", outputs, example, [b'{"label":"a"}'], records=said)
            )
    writer.close()
    return found


def told(folder: Path, bundle: Path, summaries: Summaries | None = None) -> tuple[UploadDay, ...]:
    as_of = FIRST + timedelta(days=3)
    return watch(Log.open(folder), lambda _: bundle, as_of, timedelta(0), 0.02, summaries).versions[0].uploads


def test_files_are_told_by_day_and_those_of_before_are_left_out(folder: Path, bundle: Path) -> None:
    first, second = told(folder, bundle)
    assert (first.rows, first.formats, first.smaller) == (3, {"JPEG": 1, "PNG": 2}, 0)
    assert (first.width, first.height) == (
        Range(least=28, median=28, largest=640),
        Range(least=28, median=28, largest=480),
    )
    assert first.bytes.median == pytest.approx(700, rel=0.01)
    assert (second.formats, second.smaller) == ({"JPEG": 1, "TIFF": 1}, 1)  # 20 pixels are fewer than 28
    assert second.width == Range(least=20, median=20, largest=20)


def test_they_are_the_same_from_files_and_from_what_is_kept(folder: Path, bundle: Path) -> None:
    before = told(folder, bundle)
    compact(folder)
    for _ in range(2):
        assert told(folder, bundle, Summaries(folder, "code")) == before


def test_the_page_shows_them(folder: Path, bundle: Path) -> None:
    shown = page(watch(Log.open(folder), lambda _: bundle, FIRST + timedelta(days=3), timedelta(0), 0.02))
    assert "50.0% JPEG, 50.0% TIFF" in shown
    assert "100.0% have fewer pixels a side than the model takes" in shown
