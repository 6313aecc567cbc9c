import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial

from components.config.errors import ConfigError
from components.kinds.space import Interval
from components.tuning.goals import goals_of
from components.tuning.search import Found
from components.tuning.study import rounded
from flows.tune import best_values, seconds


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


def test_a_section_that_is_the_best_itself_has_nothing_to_be_applied() -> None:
    own = {"weight_decay": 0.3871204}
    for drawn, expected in ((0.3871204, {}), (0.2, {"recipe": "quick", "weight_decay": 0.2})):
        trial = create_trial(
            value=0.9, params={"weight_decay": drawn}, distributions={"weight_decay": FloatDistribution(0.001, 1.0)}
        )
        found = Found(
            "w",
            ("metric",),
            {"weight_decay": Interval(0.001, 1.0)},
            [trial],
            [trial],
            rounded(own),
            {"recipe": "quick"},
            1.0,
            "",
        )
        assert best_values(found) == expected
