from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from components.tasks.rates import Rate, of_all
from components.watch.bundles import Bundle
from components.watch.labelled import LabelledDay
from components.watch.report import SliceQuality
from components.watch.slice_quality import slice_quality
from components.watch.slices import Slices
from components.watch.verdict import verdict
from tests.unit.watch.at_work import make_bundle

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
