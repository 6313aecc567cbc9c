import pytest

from components.config.errors import ConfigError
from components.tuning.goals import goals_of
from flows.tune import seconds


def test_goals_are_named_in_any_order_and_once() -> None:
    assert goals_of("latency, accuracy,latency") == ("metric", "latency")
    assert goals_of("cost") == ("cost",)


@pytest.mark.parametrize("said", ["", " , ", "speed", "metric;latency"])
def test_other_goals_are_refused_with_those_that_there_are(said: str) -> None:
    with pytest.raises(ConfigError, match="Allowed: metric, latency, cost"):
        goals_of(said)


def test_a_budget_is_a_time() -> None:
    assert [seconds(said) for said in ("90s", "30m", "1.5h", "2d")] == [90, 1_800, 5_400, 172_800]


@pytest.mark.parametrize("said", ["0h", "0.0m", "2", "h", "-1h", "1 hour", ""])
def test_a_budget_of_nothing_is_refused(said: str) -> None:
    with pytest.raises(ConfigError, match="--budget"):
        seconds(said)
