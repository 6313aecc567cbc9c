import numpy as np
import pytest
from numpy.typing import NDArray

from components.watch.statistics.harm import harm, tolerated
from components.watch.statistics.interval import Interval

BOUND = tolerated(Interval(0.06, 0.05, 0.07), 0.01)


def _days(seed: int, rates: list[float], rows: int = 200) -> list[NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    return [(random.random(rows) < rate).astype(np.float64) for rate in rates]


def test_no_alarm_where_the_loss_is_just_tolerated() -> None:
    found = [harm(_days(seed, [BOUND] * 40), BOUND) for seed in range(60)]
    assert sum(each.alarm is not None for each in found) <= 3
    assert all(each.since is None for each in found if each.alarm is None)


def test_a_change_after_a_long_calm_is_found_soon_and_dated() -> None:
    for seed in range(5):
        found = harm(_days(seed, [0.06] * 40 + [0.16] * 10), BOUND)
        assert found.alarm is not None
        assert 40 <= found.alarm <= 46
        assert found.since is not None
        assert abs(found.since - 40) <= 2
        assert (found.evidence[:40] < 20).all()
        assert found.evidence[found.alarm] >= 20


def test_a_day_without_rows_says_nothing() -> None:
    days = _days(0, [0.06, 0.16, 0.16])
    with_gap = [days[0], np.empty(0), *days[1:]]
    evidence = harm(with_gap, BOUND).evidence
    assert evidence[1] == pytest.approx(evidence[0])
    assert harm([np.empty(0)], BOUND).alarm is None


def test_labels_that_were_asked_for_at_random_count_by_their_odds() -> None:
    """Where the model is sure it is never wrong at first, and labels are asked for where it is not."""
    random = np.random.default_rng(0)
    calm: list[NDArray[np.float64]] = []
    bad, odds = list(calm), list(calm)
    for _ in range(30):
        unsure = random.random(600) < 0.2
        probability = np.where(unsure, 0.5, 0.1)
        asked = random.random(600) < probability
        odds.append(1 / probability[asked])
        calm.append((random.random(600) < np.where(unsure, 0.3, 0.0))[asked].astype(np.float64))
        bad.append((random.random(600) < np.where(unsure, 0.3, 0.2))[asked].astype(np.float64))
    assert harm(calm, BOUND, weights=odds, most=10.0).alarm is None
    assert harm(bad, BOUND, weights=odds, most=10.0).alarm is not None
    assert harm(calm, BOUND).alarm is not None  # without weights it is the loss of what is asked
    with pytest.raises(ValueError, match="a weight is 10; at most 2 was said"):
        harm(calm, BOUND, weights=odds, most=2.0)
