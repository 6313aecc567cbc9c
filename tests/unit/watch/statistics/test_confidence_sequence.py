import numpy as np
import pytest

from components.watch.statistics.confidence_sequence import known_interval, mean_interval, share_interval


def test_the_interval_holds_at_every_look() -> None:
    looks = np.unique(np.geomspace(5, 1_000, 15).astype(int))
    missed = naive = 0
    for seed in range(60):
        values = (np.random.default_rng(seed).random(1_000) < 0.8).astype(np.float64)
        found = [mean_interval(values[:look]) for look in looks]
        missed += any(not each.low <= 0.8 <= each.high for each in found)
        naive += any(
            abs(each.estimate - 0.8) > 1.96 * np.sqrt(0.16 / look) for each, look in zip(found, looks, strict=True)
        )
    assert missed <= 3
    assert naive > 10  # an interval for one look is wrong at some of fifteen


def test_the_interval_narrows_with_the_rows_and_the_spread() -> None:
    random = np.random.default_rng(0)
    few, many = mean_interval(random.random(200)), mean_interval(random.random(20_000))
    assert many.half_width < 0.02 < few.half_width
    assert mean_interval(np.full(200, 0.5)).half_width < few.half_width / 2
    assert abs(many.estimate - 0.5) < 0.01


def test_rounding_of_many_values_hardly_widens() -> None:
    values = np.random.default_rng(0).beta(2, 5, 10_000)
    exact, rounded = mean_interval(values), mean_interval(np.append(values, 0.3))
    assert rounded.low == pytest.approx(exact.low, abs=3e-4)
    assert rounded.high == pytest.approx(exact.high, abs=3e-4)


def test_weighted_rows_stand_for_those_that_were_not_asked_for() -> None:
    random = np.random.default_rng(0)
    hard = random.random(4_000) < 0.3
    right = random.random(4_000) < np.where(hard, 0.5, 0.95)
    asked_with = np.where(hard, 0.9, 0.2)
    asked = random.random(4_000) < asked_with
    found = mean_interval(np.where(asked, right, np.nan), np.where(asked, 1 / asked_with, 0.0))
    assert found.low < 0.815 < found.high
    assert found.half_width < 0.08
    assert mean_interval(right[asked].astype(np.float64)).high < 0.815  # unweighted it is sure of something else


def test_a_share_of_rows_that_are_seen_by_different_odds() -> None:
    random = np.random.default_rng(0)
    flagged = random.random(3_000) < 0.6  # of frauds: recall is 0.6
    seen_with = np.where(flagged, 1.0, 0.1)
    seen = random.random(3_000) < seen_with
    found = share_interval(flagged[seen], 1 / seen_with[seen], most=(1.0, 10.0))
    assert found.low < 0.6 < found.high
    assert found.half_width < 0.12
    assert share_interval(flagged[seen]).low > 0.6


def test_nothing_is_known_of_no_rows_and_little_of_few() -> None:
    assert np.isnan(mean_interval(np.empty(0)).estimate)
    assert np.isnan(share_interval(np.empty(0, dtype=bool)).low)
    none = mean_interval(np.zeros(10))
    assert none.low == 0.0
    assert 0.2 < none.high < 0.8
    assert share_interval(np.ones(10, dtype=bool)).high == 1.0


def test_what_is_out_of_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        mean_interval(np.array([0.5, 1.5]))
    with pytest.raises(ValueError, match="other row is 20; at most 10"):
        share_interval(np.array([True, False]), np.array([1.0, 20.0]), most=(1.0, 10.0))


def test_of_rows_that_were_asked_for_alike_the_known_ones_are_as_good_as_all() -> None:
    right = np.random.default_rng(5).random(400) < 0.9
    alone, asked = mean_interval(right.astype(np.float64)), known_interval(right.astype(np.float64), np.full(400, 6.0))
    assert (asked.estimate, asked.low, asked.high) == pytest.approx((alone.estimate, alone.low, alone.high), abs=1e-6)
    assert asked.low < 0.9 < asked.high


@pytest.mark.slow
def test_the_known_ones_stand_for_those_that_were_asked_for_less() -> None:
    misses = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        doubted = random.random(2_000) < 0.3
        right = random.random(2_000) < np.where(doubted, 0.6, 0.95)  # 0.845 of all
        asked_with = np.where(doubted, 0.5, 0.1)
        asked = random.random(2_000) < asked_with
        found = known_interval(right[asked].astype(np.float64), 1 / asked_with[asked])
        misses += not found.low <= 0.845 <= found.high
        assert 0 <= found.low < found.high <= 1
    assert misses <= 10
    assert known_interval(right[asked].astype(np.float64), np.ones(asked.sum())).high < 0.845
