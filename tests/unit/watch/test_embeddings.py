from datetime import timedelta
from pathlib import Path

from components.prediction_log.compaction import compact
from components.prediction_log.writer import Writer
from components.watch.bundles import Bundle
from components.watch.embeddings import ROWS, embedding_drift, sample
from tests.unit.watch.at_work import FIRST, AtWork, make_bundle


def test_a_few_answers_of_callers_are_asked_again_the_same_in_whatever_parts_they_come(tmp_path: Path) -> None:
    at_work, day = AtWork(tmp_path / "log" / "w"), FIRST.date()
    at_work.day(0, rows=30, version="2")
    at_work.day(0, rows=30, origin="smoke")
    assert sample(at_work.log(), "1", day) is None
    at_work.day(0, rows=300)
    at_work.writer.close()
    compact(at_work.folder)
    at_work.writer = Writer.open(at_work.folder)
    at_work.day(0, rows=300)
    found = sample(at_work.log(), "1", day)
    at_work.writer.close()
    compact(at_work.folder)
    again = sample(at_work.log(), "1", day)
    assert found is not None
    assert again is not None
    assert len(found) == ROWS
    assert found.to_pylist() == again.to_pylist()
    assert sample(at_work.log(), "1", day + timedelta(days=1)) is None


def test_without_embeddings_of_validation_nothing_is_asked(tmp_path: Path) -> None:
    path, at_work = make_bundle(tmp_path / "bundle"), AtWork(tmp_path / "log" / "w")
    at_work.day(0)
    assert embedding_drift(at_work.log(), Bundle("1", lambda _: path), FIRST.date()) is None
