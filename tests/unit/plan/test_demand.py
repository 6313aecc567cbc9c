"""What is asked, as a person writes it."""

import pytest

from components.config.errors import ConfigError
from components.plan.demand import MONTH, demand


@pytest.mark.parametrize(
    ("said", "rate"), [("50/s", 50.0), ("3000/min", 50.0), ("180000/h", 50.0), ("4.32e6/day", 50.0), ("1 / s", 1.0)]
)
def test_requests_are_told_by_any_time(said: str, rate: float) -> None:
    assert demand(said, 4.0, "20ms", "weekly").rate == pytest.approx(rate)


def test_a_month_and_the_busiest_time_follow_from_it() -> None:
    found = demand("2/s", 5.0, "0.5s", "daily")
    assert (found.busiest, found.p99) == (10.0, 0.5)
    assert found.answers == 2 * MONTH
    assert found.trainings == pytest.approx(365.2425 / 12)
    assert demand("1/s", 1.0, "1ms", "10/month").trainings == 10.0
    assert demand("1/s", 1.0, "900us", "never").trainings == 0.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("50", 4.0, "20ms", "weekly"), "--requests 50: expected a number above 0 and a unit, as 50/s or 3000/day"),
        (("0/s", 4.0, "20ms", "weekly"), "--requests 0/s: expected a number above 0"),
        (("1/s", 0.5, "20ms", "weekly"), "--peak 0.5: how many times the average"),
        (("1/s", float("nan"), "20ms", "weekly"), "--peak nan"),
        (("1/s", 1.0, "20", "weekly"), "--p99 20: expected"),
        (("1/s", 1.0, "0ms", "weekly"), "--p99 0ms: expected"),
        (("1/s", 1.0, "20ms", "often"), "--retrain often: expected hourly, daily"),
    ],
)
def test_what_is_none_is_said_in_one_line(given: tuple[str, float, str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        demand(*given)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
