"""What a model loses by a day comes out as it went in, and nothing is said that is within chance."""

import numpy as np
import pytest

from components.plan.staleness import Aged, lost_a_day
from components.plan.value import staleness_figure

DAYS = (0.0, 3.0, 6.0, 9.0, 12.0)


def aged(a_day: float, noise: float = 0.0, seed: int = 0) -> list[Aged]:
    random = np.random.default_rng(seed)
    return [Aged(days, 0.9 - a_day * days + noise * random.standard_normal(), 1.0) for days in DAYS]


def test_a_loss_comes_out_as_it_went_in() -> None:
    assert tuple(lost_a_day(aged(0.01))) == pytest.approx((0.01, 0.01, 0.01))


def test_nine_of_ten_intervals_hold_what_is_true() -> None:
    found = [lost_a_day(aged(0.01, noise=0.02, seed=seed)) for seed in range(200)]
    assert 160 <= sum(each.low <= 0.01 <= each.high for each in found) <= 198  # 180 are expected


def test_a_daily_training_is_worth_three_days() -> None:
    figure = staleness_figure("average_precision", False, False, aged(0.01, noise=0.002))
    assert figure.value == pytest.approx(0.03, abs=0.005)
    assert figure.low is not None
    assert figure.high is not None
    assert 0 < figure.low < figure.value < figure.high
    assert "5 trainings on spans of equal length that end 0 to 12 days before" in figure.source
    cost = staleness_figure("cost", False, True, aged(-0.01))  # it rises
    assert cost.value == pytest.approx(0.03)


def test_what_is_not_known_has_a_reason() -> None:
    assert "within chance of nothing" in staleness_figure("accuracy", False, False, aged(0.0, noise=0.02)).source
    assert "--staleness" in staleness_figure("accuracy", False, False, []).source
    assert "without regard to time" in staleness_figure("accuracy", True, False, []).source
