from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from components.config.errors import DataError, RegistryError
from components.inference.unfamiliar import UnfamiliarTest
from components.prediction_log.compaction import compact
from components.prediction_log.record import Label
from components.prediction_log.writer import Writer
from components.watch.bundles import BundleOf
from components.watch.page import page
from components.watch.report import Report
from components.watch.watch import watch
from tests.unit.watch.at_work import FIRST, AtWork, make_bundle

pytestmark = pytest.mark.slow

NO_DELAY = timedelta(0)


@pytest.fixture
def at_work(tmp_path: Path) -> AtWork:
    return AtWork(tmp_path / "log" / "w")


@pytest.fixture
def bundle_of(tmp_path: Path) -> BundleOf:
    path = make_bundle(tmp_path / "bundle")
    return lambda _: path


def report(
    at_work: AtWork, bundle_of: BundleOf, days: int, delay: timedelta = NO_DELAY, champion: str | None = None
) -> Report:
    """Report at midnight after so many days."""
    as_of = datetime.combine(FIRST.date(), datetime.min.time(), UTC) + timedelta(days=days)
    return watch(at_work.log(), bundle_of, as_of, delay, 0.02, champion=champion)


def test_an_endpoint_that_does_well_is_said_to(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(5):
        at_work.day(day)
    found = report(at_work, bundle_of, 5)
    version = found.versions[0]
    assert found.verdict.verdict == "well"
    assert [day.rows for day in version.traffic] == [400] * 5
    (quality,) = version.quality
    assert (quality.metric, quality.now.rows) == ("accuracy", found.labels)
    assert quality.now.low is not None
    assert quality.now.high is not None
    assert quality.now.low < 0.9 < quality.now.high
    assert version.expected is not None
    assert version.expected.now.value == pytest.approx(0.9, abs=0.03)
    assert [day.drifted for day in version.drift] == [()] * 5
    assert found.unmatched_labels == 0


def test_the_share_of_unfamiliar_inputs_is_told_day_by_day(at_work: AtWork, tmp_path: Path) -> None:
    at_work.day(0)  # of a version before it could tell
    at_work.day(1, unfamiliar=4)
    at_work.day(2, unfamiliar=100)
    compact(at_work.folder)
    at_work.day(3, unfamiliar=8)
    test = UnfamiliarTest.calibrated(np.arange(199, dtype=np.float32), 0.01)
    path = make_bundle(tmp_path / "tells", decision={"unfamiliar": test.as_json()})
    found = report(at_work, lambda _: path, 4)
    (version,) = found.versions
    assert version.unfamiliar_rate == 0.01
    assert [day.unfamiliar for day in version.traffic] == [None, 0.01, 0.25, 0.02]
    shown = page(found)
    assert "On 2026-11-05 2.0% of the answers were given to inputs that are like nothing in the training data" in shown
    assert "Share of unfamiliar inputs by day" in shown


def test_a_champion_and_its_canary_are_told_apart_and_the_champion_is_at_work(
    at_work: AtWork, bundle_of: BundleOf
) -> None:
    at_work.day(0)
    for day in (1, 2):
        at_work.day(day)
        at_work.day(day, rows=40, right=0.5, labelled=1.0, version="2")
    found = report(at_work, bundle_of, 3)
    assert [version.version for version in found.versions] == ["2", "1"]
    assert [[day.rows for day in version.traffic] for version in found.versions] == [[40, 40], [400, 400, 400]]
    assert found.verdict == found.versions[1].verdict
    at_work.day(3, version="2")  # it has been promoted
    assert [version.version for version in report(at_work, bundle_of, 4).versions] == ["1", "2"]


def test_a_canary_that_answered_last_is_not_reported_on_in_the_champions_place(
    at_work: AtWork, bundle_of: BundleOf
) -> None:
    at_work.day(0)
    at_work.day(0, rows=40, version="2")
    at_work.day(1)
    at_work.day(2, rows=40, version="2")  # nobody has asked the champion since yesterday

    def order(champion: str | None) -> list[str]:
        return [each.version for each in report(at_work, bundle_of, 3, champion=champion).versions]

    assert order("1") == ["2", "1"]
    assert order("2") == ["1", "2"]
    assert order("3") == order(None) == ["1", "2"]


def test_a_champion_that_has_not_answered_since_another_came_is_not_reported_on(
    at_work: AtWork, bundle_of: BundleOf
) -> None:
    at_work.day(0)
    at_work.day(1, version="2")
    assert [each.version for each in report(at_work, bundle_of, 2, champion="1").versions] == ["1", "2"]


def test_drift_alone_is_no_harm(at_work: AtWork, bundle_of: BundleOf) -> None:
    asked = [at_work.day(day, moved=5.0 if day >= 3 else 0.0) for day in range(6)]
    found = report(at_work, bundle_of, 6)
    assert found.verdict.verdict == "look"
    assert found.verdict.since == date(2026, 11, 5)
    assert "size" in found.verdict.rule
    assert "not to be believed on 2026-11-07: size has moved by 0.9" in found.versions[0].doubt
    assert "What is expected is not to be believed" in page(found)
    assert not report(at_work, bundle_of, 3).versions[0].doubt
    assert [bool(day.drifted) for day in found.versions[0].drift] == [False] * 3 + [True] * 3
    first = found.versions[0].columns[0]
    assert first.column == "size"
    assert first.size > first.threshold
    assert sum(first.now) == pytest.approx(sum(first.expected), abs=1e-6)
    problem = found.versions[0].data[0]
    assert (problem.column, problem.problem, problem.expected) == ("size", "out of range", 0)
    assert [day.share > 0.5 for day in problem.days] == [False] * 3 + [True] * 3
    assert {row.id for row in found.versions[0].strange} <= set(asked[5])
    assert "size: above" in found.versions[0].strange[0].why[0]


def test_answers_that_are_wrong_are_harm_though_nothing_drifts(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(6):
        at_work.day(day, right=0.6 if day >= 3 else 0.9)
    found = report(at_work, bundle_of, 6)
    assert found.verdict.verdict == "harm"
    assert found.verdict.since == date(2026, 11, 5)
    assert "rollback w" in found.verdict.do
    assert report(at_work, bundle_of, 3).verdict.verdict == "well"


def test_a_model_that_is_less_sure_is_expected_to_be_worse(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(4):
        at_work.day(day, labelled=0.0, sure=0.9 if day < 2 else 0.6)
    found = report(at_work, bundle_of, 4)
    assert found.verdict.verdict == "look"
    assert "accuracy that the probabilities lead to expect is below that of validation" in found.verdict.rule
    assert found.verdict.since == date(2026, 11, 4)


def test_labels_whose_delay_is_not_over_are_not_judged(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(4):
        at_work.day(day, right=0.3 if day == 3 else 0.9)
    found = report(at_work, bundle_of, 4, timedelta(days=2))
    assert found.verdict.verdict == "well"
    assert any("the delay of 2 days is not over" in said for said in found.versions[0].open_questions)
    assert [day.day.day for day in found.versions[0].quality[0].days] == [2, 3]


def test_without_labels_it_says_what_cannot_be_seen(at_work: AtWork, bundle_of: BundleOf) -> None:
    at_work.day(0, labelled=0.0)
    found = report(at_work, bundle_of, 1)
    assert found.verdict.verdict == "well"
    assert "it cannot see labels that changed" in found.verdict.sure
    assert "POST /labels" in found.verdict.do
    assert found.versions[0].quality[0].now.value is None


def test_a_correction_counts_and_not_what_it_corrects(at_work: AtWork, bundle_of: BundleOf) -> None:
    ids = at_work.day(0, rows=200, labelled=0.0)
    at_work.label(ids, ["a"] * 200, FIRST + timedelta(hours=1))
    at_work.label(ids, ["b"] * 200, FIRST + timedelta(hours=2))
    at_work.label(["01a22688-0000-7000-8000-000000000000"], ["a"], FIRST)
    at_work.label(ids[:3], ["z"] * 3, FIRST + timedelta(hours=3))
    found = report(at_work, bundle_of, 1)
    (quality,) = found.versions[0].quality
    assert quality.now.rows == 197
    assert quality.now.value == pytest.approx(0.5, abs=0.15)  # one in two is taken for b
    assert found.unmatched_labels == 1
    assert any("3 labels are none of version 1's classes" in said for said in found.versions[0].open_questions)


def test_labels_that_were_asked_for_of_a_few_stand_for_all(at_work: AtWork, bundle_of: BundleOf) -> None:
    ids = at_work.day(0, labelled=0.0)
    at_work.label(ids[::4], ["a"] * 100, FIRST + timedelta(hours=1), share=0.25)
    (quality,) = report(at_work, bundle_of, 1).versions[0].quality
    now = quality.now
    assert now.low is not None
    assert now.high is not None
    assert 0.2 < now.low < (now.value or 0) < now.high < 0.8  # one in two is taken for a


def test_labels_that_were_asked_for_correct_what_is_expected(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(3):
        at_work.day(day, labelled=0.25, asked=True, right=0.9 if day < 2 else 0.6)  # the inputs are what they were
    version = report(at_work, bundle_of, 3).versions[0]
    assert version.active is not None
    assert version.expected is not None
    (before, _, after), measured = version.active.days, version.quality[0].days
    assert before.rows == measured[0].rows
    assert before.low is not None
    assert before.high is not None
    assert before.low < 0.9 < before.high < 0.98
    assert measured[0].high is not None
    assert measured[0].low is not None
    assert before.high - before.low < measured[0].high - measured[0].low  # what is expected is worth something
    assert after.high is not None
    assert version.expected.now.low is not None
    assert after.high < version.expected.now.low
    assert "believe it" in page(report(at_work, bundle_of, 3))


def test_labels_that_nobody_asked_for_say_nothing_of_the_others(at_work: AtWork, bundle_of: BundleOf) -> None:
    at_work.day(0)
    assert report(at_work, bundle_of, 1).versions[0].active is None


def test_it_is_a_function_of_what_was_there_by_then(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(3):
        at_work.day(day)
    before = report(at_work, bundle_of, 3)
    for day in range(3, 6):
        at_work.day(day, moved=2.0, right=0.2)
    assert report(at_work, bundle_of, 3) == before
    assert Report.model_validate_json(before.model_dump_json()) == before


def test_each_version_is_judged_by_its_own_days(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(4):
        at_work.day(day, right=0.4)
    at_work.day(4, version="2")
    at_work.day(4, rows=50, version="2", origin="page", labelled=0.0)
    found = report(at_work, bundle_of, 5)
    assert [(each.version, each.verdict.verdict) for each in found.versions] == [("1", "harm"), ("2", "well")]
    assert found.verdict.verdict == "well"
    assert (found.versions[1].traffic[0].rows, found.versions[1].traffic[0].aside) == (400, 50)


def test_a_day_without_traffic_is_no_drift(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in (0, 1, 4):
        at_work.day(day)
    found = report(at_work, bundle_of, 6)
    assert [day.rows for day in found.versions[0].drift] == [400, 400, 0, 0, 400, 0]
    assert found.verdict.verdict == "well"


def test_a_bundle_of_before_has_its_traffic_told(at_work: AtWork, tmp_path: Path) -> None:
    at_work.day(0)
    old = make_bundle(tmp_path / "old", reference=False)
    version = report(at_work, lambda _: old, 1).versions[0]
    assert (version.quality, version.drift, version.expected) == ((), (), None)
    assert [day.rows for day in version.traffic] == [400]
    assert any("before bundles brought a reference" in said for said in version.open_questions)
    assert (version.verdict.verdict, version.verdict.rule) == ("look", "nothing can be judged yet")


def test_a_bundle_that_cannot_be_had_is_said(at_work: AtWork) -> None:
    def gone(version: str) -> Path:
        raise RegistryError("models:/w/1: its bundle cannot be fetched")

    at_work.day(0)
    assert any("cannot be fetched" in said for said in report(at_work, gone, 1).versions[0].open_questions)


def test_nothing_answered_by_then_is_one_line(at_work: AtWork, bundle_of: BundleOf) -> None:
    with pytest.raises(DataError, match="no answer before 2026-11-02 00:00 UTC"):
        report(at_work, bundle_of, 0)
    at_work.day(0, origin="smoke")
    with pytest.raises(DataError, match="no caller has asked"):
        report(at_work, bundle_of, 1)


def test_the_page_shows_verdict_curves_and_distributions(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(4):
        ids = at_work.day(day, moved=5.0 if day >= 2 else 0.0)
    shown = page(report(at_work, bundle_of, 4))
    assert any(name in shown for name in ids)  # an example of what is strange
    assert "out of range" in shown
    assert "Somebody should look." in shown
    assert shown.count("<polyline") >= 3
    assert 'class="after"' in shown
    assert "http" not in shown.replace("http://www.w3.org", "")


def test_compacted_in_parts_and_in_another_order_it_is_the_same(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in (2, 0, 1, 2, 0):
        at_work.day(day, moved=3.0 if day == 2 else 0.0, asked=day == 0)
    before = report(at_work, bundle_of, 3)
    at_work.writer.close()
    assert compact(at_work.folder) == 1
    at_work.writer = Writer.open(at_work.folder)
    at_work.day(3)
    assert report(at_work, bundle_of, 3) == before


def test_a_label_names_its_row_by_id_key_or_request(at_work: AtWork, bundle_of: BundleOf) -> None:
    ids = at_work.day(0, rows=3, labelled=0.0)
    later = int((FIRST + timedelta(hours=1)).timestamp() * 1e6)
    at_work.writer.labelled([Label("a", later, request_id="r0", row=1), Label("a", later, request_id="r0", row=7)])
    at_work.writer.labelled([Label("b", later, event_id=ids[2]), Label("a", later - 1, request_id="r0", row=2)])
    at_work.writer.labelled([Label("a", later, key="of nobody")])
    found = report(at_work, bundle_of, 1)
    assert (found.labels, found.unmatched_labels) == (5, 2)
    assert found.versions[0].traffic[0].labelled == 2
    assert found.versions[0].quality[0].now.rows == 2


def test_a_label_that_was_asked_for_too_seldom_costs_its_day_and_no_more(at_work: AtWork, bundle_of: BundleOf) -> None:
    for day in range(6):
        ids = at_work.day(day, right=0.6 if day >= 3 else 0.9)
        if day in (1, 4):
            at_work.label(ids[:1], ["a"], FIRST + timedelta(days=day, hours=2), share=0.001)
    found = report(at_work, bundle_of, 6)
    (version,) = found.versions
    assert (found.verdict.verdict, found.verdict.since) == ("harm", date(2026, 11, 5))
    assert [line for line in version.open_questions if "below watch.asked" in line] == [
        "harm is judged without 2 of its days: a label was asked for with probability 0.001, below watch.asked (0.02): "
        "set it to the smallest with which you ask"
    ]
    assert [day.day.day for day in version.quality[0].days] == [2, 3, 4, 5, 6, 7]  # of these nothing is left out
    assert "harm is not judged: a label" in report_of_day(at_work, bundle_of, 4)


def report_of_day(at_work: AtWork, bundle_of: BundleOf, day: int) -> str:
    """What cannot be said of a version that was at work on one day, of which one label was asked for too seldom."""
    ids = at_work.day(day, version="2")
    at_work.label(ids[:1], ["a"], FIRST + timedelta(days=day, hours=2), share=0.001)
    return next(each for each in report(at_work, bundle_of, 6).versions if each.version == "2").open_questions[0]


def test_how_much_one_label_may_count_is_known_beforehand(at_work: AtWork, bundle_of: BundleOf) -> None:
    ids = at_work.day(0, rows=2_000, labelled=0.0)
    moment = int((FIRST + timedelta(hours=1)).timestamp() * 1e6)

    def ask(names: list[str], share: float | None) -> None:
        at_work.writer.labelled([Label("a", moment, event_id=name, share=share) for name in names])

    def found(asked: float) -> tuple[str, bool]:
        as_of = datetime.combine(FIRST.date(), datetime.min.time(), UTC) + timedelta(days=1)
        said = watch(at_work.log(), bundle_of, as_of, NO_DELAY, 0.02, asked=asked)
        return said.verdict.verdict, any("below watch.asked (" in line for line in said.versions[0].open_questions)

    ask(ids[:300], None)
    assert found(0.02) == ("harm", False)  # half of them are said to be wrong
    ask(ids[300:320], 0.1)
    assert found(0.1) == ("harm", False)
    assert found(0.2)[1]
    assert found(0.2)[0] != "harm"
