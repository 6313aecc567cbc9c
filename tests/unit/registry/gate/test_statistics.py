import math
import re

import numpy as np
import pytest
from scipy.stats import binomtest

from components.registry.gate.statistics import (
    Estimated,
    PairedAnswers,
    Resampled,
    binomial_above,
    bootstrap,
    estimated,
    holm,
    interval,
    mcnemar,
    paired_answers,
    share_below,
    tango,
)


def test_mcnemar_counts_the_half_of_what_was_found() -> None:
    assert mcnemar(10, 2) == pytest.approx((12 + 1 + 66 / 2) / 2**12)
    assert mcnemar(3, 3) == pytest.approx(0.5)
    assert mcnemar(0, 0) == 0.5
    assert mcnemar(900, 700) < 1e-6


def test_tango_gives_what_its_paper_gives() -> None:
    # contact lenses, 44 of them: one was disinfected by the standard treatment alone; not worse by a tenth
    assert tango(0, 1, 44, -0.1) == pytest.approx(1.709, abs=1e-3)
    assert PairedAnswers(0, 1, 44).above(-0.1) == pytest.approx(0.044, abs=1e-3)


def test_at_no_margin_tango_is_mcnemars_score() -> None:
    assert tango(30, 12, 500, 1e-9) == pytest.approx(18 / math.sqrt(42), rel=1e-5)


def test_the_same_answers_are_not_better_and_not_worse_by_a_margin() -> None:
    right = np.arange(1000) % 3 > 0
    same = paired_answers(right, right)
    assert same.above(0.0) == 0.5
    assert same.above(-0.01) < 0.01
    assert same.below(-0.01) > 0.99


def test_of_models_that_are_equal_one_in_twenty_looks_better() -> None:
    random = np.random.default_rng(0)
    draws = random.random((2, 3000, 400)) < 0.9
    found = [paired_answers(one, other).above(0.0) <= 0.05 for one, other in zip(*draws, strict=True)]
    assert 0.035 < np.mean(found) < 0.065


def test_a_bootstrap_of_right_answers_says_what_mcnemar_says() -> None:
    random = np.random.default_rng(1)
    ours, theirs = random.random(2000) < 0.92, random.random(2000) < 0.90
    places = np.arange(2000)
    drawn = bootstrap(lambda at: ours[at].mean(), lambda at: theirs[at].mean(), places, 2000, 0)
    exact = paired_answers(ours, theirs)
    assert drawn.value == pytest.approx(exact.value)
    assert drawn.above(0.0) == pytest.approx(exact.above(0.0), abs=0.02)
    assert interval(drawn, 0.95) == pytest.approx(interval(exact, 0.95), abs=0.003)


def test_a_standard_error_says_it_of_many_questions() -> None:
    random = np.random.default_rng(2)
    ours, theirs = random.random(1500) < 0.8, random.random(1500) < 0.8
    places = np.arange(300, 1500)
    found = estimated(lambda at: ours[at].mean(), lambda at: theirs[at].mean(), places, 0)
    whole = (ours.astype(float) - theirs)[places]
    assert found.value == pytest.approx(whole.mean())
    assert found.error == pytest.approx(whole.std() / math.sqrt(len(whole)), rel=0.15)
    assert found.below(found.value) == found.above(found.value) == 0.5
    assert found.error is not None
    assert found.below(found.value - 1.645 * found.error) == pytest.approx(0.95, abs=1e-3)
    assert (Estimated(0.0, 0.0).below(-0.02), Estimated(-0.1, 0.0).below(-0.02)) == (1.0, 0.0)


def mean_of_positives(at: np.ndarray) -> float:
    return float(at[at > 0].mean()) if (at > 0).any() else math.nan


def nothing(at: np.ndarray) -> float:
    return 0.0


def test_draws_that_have_no_value_count_against_what_is_to_be_shown() -> None:
    drawn = bootstrap(mean_of_positives, nothing, np.array([0, 0, 1]), 300, 0)
    assert 150 < len(drawn.samples) < 300
    assert drawn.missing == 300 - len(drawn.samples)
    assert drawn.above(0.0) == drawn.below(2.0) == (1 + drawn.missing) / 301
    assert drawn.remark == f"{drawn.missing} of 300 draws have no value"


@pytest.mark.parametrize("positives", [1, 2])
def test_of_too_few_that_have_a_value_no_standard_error_is_told(positives: int) -> None:
    places = np.repeat([0, 1], [200 - positives, positives])
    found = estimated(mean_of_positives, nothing, places, 0)
    assert (found.value, found.error, found.known) == (1.0, None, False)
    assert found.above(0.0) == found.below(2.0) == found.below(-2.0) == 1.0
    assert re.fullmatch(r"\d+ of 200 draws have no value: too few examples to tell it from chance", found.remark)
    assert interval(found, 0.95) == pytest.approx((-1.0, 1.0))


def test_one_draw_with_a_value_is_no_certainty() -> None:
    calls = iter([1.0, *[math.nan] * 199, 1.0])  # one draw of 200, then all of the examples
    found = estimated(lambda at: next(calls), nothing, np.arange(5), 0)
    assert (found.value, found.error, found.missing) == (1.0, None, 199)


def test_a_few_draws_without_a_value_leave_the_standard_error_and_are_named() -> None:
    places = np.repeat([0, 1, 2], [196, 2, 2])  # four positives: e to the -4 of the draws have none
    found = estimated(mean_of_positives, nothing, places, 0)
    assert found.known
    assert 0 < found.missing <= 5
    assert found.error == pytest.approx(0.3, abs=0.1)
    assert found.remark == f"{found.missing} of 200 draws have no value"


def test_identical_draws_are_not_better() -> None:
    same = Resampled(0.0, np.zeros(2000))
    assert (same.above(0.0), same.below(0.0)) == (1.0, 1.0)
    assert same.above(-0.01) == same.below(0.01) == 1 / 2001


def test_binomial_above() -> None:
    assert binomial_above(2, 3, 0.5) == pytest.approx(1 / 8 + 0.5 * 3 / 8)
    assert binomial_above(0, 5, 0.0) == 0.5
    assert binomial_above(1, 5, 0.0) == 0.0
    assert binomial_above(0, 0, 0.3) == 0.5


@pytest.mark.parametrize(
    ("found", "count", "share", "expected"),
    [
        (37, 1000, 0.05, 0.9740903887696211),
        (12, 20, 0.5, 0.19165515899658234),
        (4700, 9000, 0.5, 1.2390156764668687e-05),
        (3, 200, 0.01, 0.2326436355097859),
    ],
)
def test_binomial_above_is_what_the_sum_of_its_terms_is(found: int, count: int, share: float, expected: float) -> None:
    assert binomial_above(found, count, share) == pytest.approx(expected, rel=1e-9)


def test_holm_holds_all_findings_together() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]
    assert holm([], 0.05) == []
    assert holm([0.04], 0.05) == [True]


def test_an_interval_holds_what_was_found() -> None:
    low, high = interval(PairedAnswers(40, 25, 900), 0.95)
    assert low < 15 / 900 < high
    assert PairedAnswers(40, 25, 900).above(low) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("share", [0.9, 0.7])
def test_a_share_that_was_set_by_few_examples_may_miss_by_more(share: float) -> None:
    random, found = np.random.default_rng(0), []
    for _ in range(2_000):
        scores = np.sort(random.random(99))
        limit = scores[math.ceil(100 * share) - 1]  # as split conformal has it
        found.append(share_below(int((random.random(500) <= limit).sum()), 500, share, 99))
    assert 0.03 < np.mean(np.array(found) <= 0.05) < 0.07
    assert share_below(440, 500, 0.9, 10_000_000) == pytest.approx(binomtest(440, 500, 0.9, "less").pvalue, rel=1e-3)


def test_an_interval_of_a_loss_reaches_as_far_as_it_does() -> None:
    far = Estimated(250.0, 20.0)
    low, high = interval(far, 0.95, reach=1e6)
    assert (low, high) == pytest.approx((250 - 1.645 * 20, 250 + 1.645 * 20), rel=1e-3)
