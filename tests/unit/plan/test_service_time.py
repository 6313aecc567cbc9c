"""The line of turns: found again, never below zero; and the law of several workers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.plan.scaling import Scaling, fitted_scaling
from components.plan.service_time import Level, fitted, resampled


def levels(turn: float, each: float, together: tuple[float, ...] = (1, 2, 6, 12)) -> list[Level]:
    return [
        Level(round(count), round(1000 * count), 1000, 1000 * (turn + each * count), 1.0, 0.0) for count in together
    ]


@given(turn=st.floats(0.0, 1.0), each=st.floats(1e-6, 1.0), beside=st.floats(0.0, 1.0))
def test_what_was_put_in_comes_out(turn: float, each: float, beside: float) -> None:
    found = fitted(levels(turn, each), np.full(100, turn + each + beside))
    assert found.turn == pytest.approx(turn, abs=1e-6)
    assert found.each == pytest.approx(each, rel=1e-3, abs=1e-6)
    assert found.beside == pytest.approx(beside, abs=1e-5)
    assert found.noise == pytest.approx(np.ones(100))
    assert found.capacity == pytest.approx(12 / (turn + 12 * each), rel=1e-3)


def test_no_part_is_below_zero() -> None:
    falling = [Level(1, 100, 100, 1.0, 1.0, 0.0), Level(8, 800, 100, 0.5, 1.0, 0.0)]
    steep = [Level(1, 100, 100, 0.1, 1.0, 0.0), Level(8, 800, 100, 8.0, 1.0, 0.0)]
    single = np.full(10, 0.01)
    assert (fitted(falling, single).each, fitted(falling, single).turn) == (0.0, 0.0075)
    assert fitted(steep, single).turn == 0.0
    assert fitted(steep, single).each > 0


def test_noise_keeps_its_shape_and_has_mean_one() -> None:
    single = np.random.default_rng(0).lognormal(-6.0, 0.5, 5000)
    found = fitted(levels(0.001, 0.0005), single)
    assert found.noise.mean() == pytest.approx(1.0)
    assert found.noise.std() > 0.2


def test_drawn_again_the_parts_lie_around_what_was_found() -> None:
    random = np.random.default_rng(2)
    noisy = [
        Level(count, 1000 * count, 1000, 1000 * (0.001 + 0.0002 * count) * random.normal(1, 0.05), 1.0, 0.0)
        for count in (1, 1, 2, 2, 4, 4, 8, 8, 16, 16)
    ]
    found = [each.each for each in resampled(noisy, np.full(50, 0.0013), 50)]
    assert np.quantile(found, 0.02) < 0.0002 < np.quantile(found, 0.98)


def test_the_law_is_found_again_and_says_how_far_it_was_measured() -> None:
    law = Scaling(0.05, 0.002, 8)
    again = fitted_scaling({count: 0.001 * law.slower(count) for count in (1, 2, 4, 8)})
    assert (again.contention, again.coherence) == pytest.approx((0.05, 0.002))
    assert again.measured == 8
    assert law.together(1) == 1.0
    two = fitted_scaling({1: 1.0, 2: 1.1})
    assert (two.contention, two.coherence) == (pytest.approx(0.1), 0.0)
    assert fitted_scaling({1: 1.0, 2: 0.9}) == Scaling(0.0, 0.0, 2)
    assert fitted_scaling({1: 1.0}) == Scaling(0.0, 0.0, 1)
