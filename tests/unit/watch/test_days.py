from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.config.errors import RegistryError
from components.prediction_log.compaction import compact
from components.prediction_log.erasure import Person, erase, find
from components.prediction_log.identities import EVENT
from components.prediction_log.summaries import FOLDER, Summaries
from components.prediction_log.writer import Writer
from components.watch.bundles import BundleOf
from components.watch.report import Report
from components.watch.watch import watch
from tests.unit.watch.at_work import FIRST, AtWork, make_bundle

MIDNIGHT = datetime.combine(FIRST.date(), datetime.min.time(), UTC)
Watch = Callable[..., Report]


@pytest.fixture
def at_work(tmp_path: Path) -> AtWork:
    """Three days, each in files of its own."""
    found = AtWork(tmp_path / "log" / "w")
    for day in range(3):
        found.day(day, moved=3.0 if day == 1 else 0.0, asked=day == 2)
        in_files(found)
    return found


@pytest.fixture
def bundle_of(tmp_path: Path) -> BundleOf:
    path = make_bundle(tmp_path / "bundle", rows=90)
    return lambda _: path


def in_files(at_work: AtWork) -> None:
    at_work.writer.close()
    compact(at_work.folder)
    at_work.writer = Writer.open(at_work.folder)


def report(at_work: AtWork, bundle_of: BundleOf, days: float, summaries: Summaries | None = None) -> Report:
    return watch(at_work.log(), bundle_of, MIDNIGHT + timedelta(days=days), timedelta(0), 0.02, summaries)


def kept(at_work: AtWork, bundle_of: BundleOf, days: float, write: bool = True, code: str = "1") -> tuple[int, int]:
    """How many summaries were read and made; the report is the same as without them."""
    summaries = Summaries(at_work.folder, code, write)
    assert report(at_work, bundle_of, days, summaries) == report(at_work, bundle_of, days)
    return summaries.read, summaries.made


@pytest.mark.slow
def test_a_day_that_is_over_is_read_once_whatever_comes_later(at_work: AtWork, bundle_of: BundleOf) -> None:
    each_day = 4  # answers, names of its rows; names of its labels, labels
    assert kept(at_work, bundle_of, 3) == (0, 3 * each_day)
    assert kept(at_work, bundle_of, 3) == (3 * each_day, 0)
    ids = at_work.day(3)
    assert kept(at_work, bundle_of, 3.7) == (3 * each_day, 0)  # the day is not over: it is not kept
    in_files(at_work)
    assert kept(at_work, bundle_of, 4) == (3 * each_day, each_day)
    at_work.label(ids[:7], ["a"] * 7, MIDNIGHT + timedelta(days=4))
    in_files(at_work)
    assert kept(at_work, bundle_of, 5) == (4 * each_day - 1, 2)  # of the fourth day alone what its labels come to


@pytest.mark.slow
def test_of_a_moment_in_the_past_what_is_kept_is_used_and_left_as_it_is(at_work: AtWork, bundle_of: BundleOf) -> None:
    kept(at_work, bundle_of, 3)
    before = {path.name: path.read_bytes() for path in (at_work.folder / FOLDER).iterdir()}
    for days in (2.0, 1.52, 1.5):
        read, _ = kept(at_work, bundle_of, days, write=False)
        assert read
    assert {path.name: path.read_bytes() for path in (at_work.folder / FOLDER).iterdir()} == before
    assert kept(at_work, bundle_of, 3) == (12, 0)


@pytest.mark.slow
def test_what_is_damaged_is_made_anew(at_work: AtWork, bundle_of: BundleOf) -> None:
    kept(at_work, bundle_of, 3)
    cut, empty, changed = sorted((at_work.folder / FOLDER).glob("*.answers"))
    cut.write_bytes(cut.read_bytes()[:-1])
    empty.write_bytes(b"")
    raw = changed.read_bytes()
    changed.write_bytes(raw[:-9] + bytes([raw[-9] ^ 1]) + raw[-8:])
    assert kept(at_work, bundle_of, 3) == (9, 3)
    assert kept(at_work, bundle_of, 3) == (12, 0)


@pytest.mark.slow
def test_other_code_another_file_and_another_bundle_make_it_anew(
    at_work: AtWork, bundle_of: BundleOf, tmp_path: Path
) -> None:
    kept(at_work, bundle_of, 3)
    assert kept(at_work, bundle_of, 3, code="2") == (0, 12)
    at_work.day(1, rows=50)
    in_files(at_work)  # rows that were answered on a day that was summed up
    assert kept(at_work, bundle_of, 3, code="2") == (9, 4)
    other = make_bundle(tmp_path / "other", reference=False)
    assert kept(at_work, lambda _: other, 3, code="2") == (7, 6)

    def gone(version: str) -> Path:
        raise RegistryError("it cannot be fetched")

    kept(at_work, gone, 3, code="2")
    assert kept(at_work, bundle_of, 3, code="2") == (7, 6)


@pytest.mark.slow
def test_nothing_is_kept_of_what_is_erased(at_work: AtWork, bundle_of: BundleOf) -> None:
    kept(at_work, bundle_of, 3)
    before, late = report(at_work, bundle_of, 3), Summaries(at_work.folder, "1")
    name = before.versions[0].strange[0].id
    assert any(name.encode() in path.read_bytes() for path in (at_work.folder / FOLDER).iterdir())
    person = Person(EVENT, name)
    find(at_work.folder, person)
    assert erase(at_work.folder, person)[0] == 1
    assert not (at_work.folder / FOLDER).exists()
    report(at_work, bundle_of, 3, late)  # a watch that had begun before keeps nothing
    assert not (at_work.folder / FOLDER).exists()
    assert kept(at_work, bundle_of, 3) == (0, 12)
    after = report(at_work, bundle_of, 3)
    assert sum(day.rows for day in after.versions[0].traffic) == 1_199
    assert not any(name.encode() in path.read_bytes() for path in (at_work.folder / FOLDER).iterdir())


def test_summaries_of_days_that_are_gone_go_too(at_work: AtWork, bundle_of: BundleOf) -> None:
    kept(at_work, bundle_of, 3)
    for path in at_work.folder.glob("day=2026-11-02/*"):
        path.unlink()
    kept(at_work, bundle_of, 3)
    assert not list((at_work.folder / FOLDER).glob("2026-11-02.*"))


def test_where_nothing_can_be_kept_it_goes_on(
    at_work: AtWork, bundle_of: BundleOf, caplog: pytest.LogCaptureFixture
) -> None:
    (at_work.folder / FOLDER).write_text("in the way")
    assert kept(at_work, bundle_of, 3) == (0, 12)
    assert len([line for line in caplog.messages if "no summary is kept" in line]) == 1
