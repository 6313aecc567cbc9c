import numpy as np
import pytest

from components.watch.statistics.confidence_sequence import mean_interval
from components.watch.statistics.harm import harm
from components.watch.statistics.tally import LEVELS, joined, tally

RANDOM = np.random.default_rng(0)


def test_an_interval_of_counts_is_that_of_the_rows() -> None:
    right = (RANDOM.random(5_000) < 0.9).astype(np.float64)
    weights = RANDOM.choice([1.0, 4.0], 5_000)
    counted = tally(right, weights)
    assert len(counted.values) == 4
    assert counted.rows == 5_000
    found, wanted = (
        mean_interval(counted.values, counted.weights, counts=counted.counts),
        mean_interval(right, weights),
    )
    assert (found.low, found.estimate, found.high) == pytest.approx((wanted.low, wanted.estimate, wanted.high))


def test_harm_of_counts_is_that_of_the_rows() -> None:
    days = [(RANDOM.random(400) < (0.1 if day < 3 else 0.3)).astype(np.float64) for day in range(6)]
    ones = [np.ones(400) for _ in days]
    counted = [tally(*day) for day in zip(days, ones, strict=True)]
    found = harm(
        [each.values for each in counted], 0.12, weights=[each.weights for each in counted],
        counts=[each.counts for each in counted],
    )  # fmt: skip
    wanted = harm(days, 0.12)
    assert found.evidence == pytest.approx(wanted.evidence)
    assert (found.alarm, found.since) == (wanted.alarm, wanted.since)


def test_many_values_take_some_thousand_levels_and_the_interval_allows_for_it() -> None:
    values, ones = RANDOM.random(9_000), np.ones(9_000)
    counted = tally(values, ones)
    assert len(counted.values) <= LEVELS + 1
    assert (counted.losses(lower_is_better=True).max() <= values.max(), counted.step) == (True, 1 / LEVELS)
    assert counted.losses(lower_is_better=False) @ counted.counts <= (1 - values).sum()
    found = mean_interval(counted.values, counted.weights, counts=counted.counts, step=counted.step)
    wanted = mean_interval(values, ones)
    assert found.low <= wanted.low
    assert found.high >= wanted.high
    assert found.estimate == pytest.approx(values.mean(), abs=1 / LEVELS)


@pytest.mark.parametrize("parts", [[10, 5_000, 20_000], [20_000], [19_990, 20_000]])
def test_in_whatever_parts_they_come_it_is_the_same(parts: list[int]) -> None:
    values, weights = np.random.default_rng(1).random(20_000), np.ones(20_000)
    pieces = np.split(np.arange(20_000), parts[:-1])
    found = joined([tally(values[piece], weights[piece]) for piece in reversed(pieces)])
    whole = tally(values, weights)
    assert all(np.array_equal(getattr(found, name), getattr(whole, name)) for name in ("values", "weights", "counts"))
