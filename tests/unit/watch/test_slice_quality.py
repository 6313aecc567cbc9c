from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from components.kinds.slices import SliceRule
from components.tasks.rates import Rate, of_all
from components.watch.bundles import Bundle
from components.watch.labelled import LabelledDay
from components.watch.page import page
from components.watch.report import SliceQuality
from components.watch.slice_quality import slice_quality
from components.watch.slices import Slices
from components.watch.verdict import verdict
from components.watch.watch import watch
from tests.unit.watch.at_work import AtWork, make_bundle

FIRST = date(2026, 11, 2)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path = make_bundle(tmp_path_factory.mktemp("slices") / "bundle")
    return Bundle("1", lambda _: path)


def days(bundle: Bundle, right: Sequence[tuple[float, float]], seed: int = 0, rows: int = 150) -> list[SliceQuality]:
    """Judge days on which answers to the classes a and b are right with these probabilities; b is one in five."""
    random, labelled = np.random.default_rng(seed), {}
    for number, parts in enumerate(right):
        labels = (random.random(rows) < 0.2).astype(np.int64)
        rate = of_all(random.random(rows) < np.array(parts)[labels])
        its = bundle.slices.tallies(rate, labels, np.ones(rows))
        labelled[FIRST + timedelta(days=number)] = LabelledDay(rows, slices=its)
    return list(slice_quality(bundle, labelled, 0.02, 1.0))


def test_the_class_that_is_worse_is_named_and_since_when(bundle: Bundle) -> None:
    found = days(bundle, [(0.9, 0.9)] * 5 + [(0.9, 0.5)] * 6)
    assert [each.slice for each in found] == ["class: b", "class: a"]
    assert found[0].since == FIRST + timedelta(days=5)
    assert found[1].since is None
    assert found[0].now.low is not None
    assert found[0].now.high is not None
    assert found[0].now.low < (found[0].now.value or 0) < found[0].now.high
    said = verdict("w", None, found, None, (), (), 100)
    assert (said.verdict, said.since) == ("look", found[0].since)
    assert said.rule == "the accuracy of class: b is worse than the reference allows"


@pytest.mark.slow
def test_values_of_a_column_are_judged_by_what_callers_sent(tmp_path: Path) -> None:
    path, at_work = make_bundle(tmp_path / "bundle", plans=True), AtWork(tmp_path / "log" / "w")
    for day in range(10):
        at_work.day(day, rows=100, labelled=1.0, record=b'{"plan":"big"}')
        at_work.day(day, rows=100, labelled=1.0, right=0.9 if day < 3 else 0.5, record=b'{"plan":"small"}')
        at_work.day(day, rows=5, labelled=1.0, right=0.0, record=b'{"plan":"of another time"}')
    as_of = datetime.combine(FIRST + timedelta(days=10), datetime.min.time(), UTC)
    found = watch(at_work.log(), lambda _: path, as_of, timedelta(0), 0.1)
    slices = {each.slice: each for each in found.versions[-1].slices}
    assert set(slices) == {"class: a", "class: b", "plan: big", "plan: small"}
    assert {name: each.now.rows for name, each in slices.items() if "plan" in name} == {
        "plan: big": 1_000,
        "plan: small": 1_000,
    }
    assert slices["plan: big"].since is None
    assert (slices["plan: small"].since or FIRST) > FIRST + timedelta(days=2)
    assert "plan: small" in page(found)
    assert not [said for said in found.versions[-1].open_questions if "plan" in said]


def test_a_column_that_nobody_sends_is_said(tmp_path: Path) -> None:
    path, at_work = make_bundle(tmp_path / "bundle", plans=True, rows=90), AtWork(tmp_path / "log" / "w")
    at_work.day(0)
    as_of = datetime.combine(FIRST + timedelta(days=1), datetime.min.time(), UTC)
    (version,) = watch(at_work.log(), lambda _: path, as_of, timedelta(0), 0.1).versions
    assert [each.slice for each in version.slices] == ["class: a", "class: b"]
    assert [said for said in version.open_questions if said.startswith("quality by plan is not known")]


def test_of_a_task_whose_metrics_are_of_some_rows_values_of_a_column_have_those_that_count() -> None:
    positive = np.arange(60) < 30
    recall = Rate((np.arange(60) % 3 > 0).astype(np.float64), positive)
    slices = Slices(
        {"recall": recall}, ("fine", "odd"), positive, (SliceRule("plan", ("big",)),), np.zeros((60, 1), int)
    )
    assert (slices.metric, list(slices.before)) == ("recall", ["plan: big"])
    assert slices.before["plan: big"].rows == 30


def test_of_watches_without_harm_hardly_any_names_a_slice(bundle: Bundle) -> None:
    named = [any(each.since for each in days(bundle, [(0.9, 0.9)] * 12, seed)) for seed in range(60)]
    assert sum(named) <= 3


def test_numbers_are_judged_by_the_quarters_of_validation() -> None:
    labels, random = np.arange(200.0), np.random.default_rng(0)
    error = Rate(random.random(200), np.ones(200, dtype=np.bool_), lower_is_better=True, scale=5.0)
    slices = Slices({"absolute_error": error, "coverage": of_all(labels > 0)}, (), labels)
    assert slices.metric == "absolute_error"
    first, *between, last = slices.before
    assert (first, last) == ("label: up to 49.75", "label: over 149.2")
    assert between == ["label: 49.75 to 99.5", "label: 99.5 to 149.2"]
    assert [each.rows for each in slices.before.values()] == [50] * 4
    new = Rate(np.full(2, 0.5), np.ones(2, dtype=np.bool_), lower_is_better=True, scale=5.0)
    assert list(slices.tallies(new, np.array([10.0, 1e9]), np.ones(2))) == [first, last]


def test_a_task_without_a_mean_over_all_rows_has_no_slices() -> None:
    assert Slices({"recall": of_all(np.ones(3, dtype=np.bool_))}, ("fine", "odd"), np.zeros(3)).before == {}
