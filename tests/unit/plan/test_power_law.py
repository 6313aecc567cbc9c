"""The law is found again, and its interval holds it as often as it says."""

import numpy as np
import pytest

from components.plan.power_law import Point, fitted_law
from components.plan.value import grown, grown_figure, label_figures


def points(examined: int, seed: int, factor: float = 2.0, exponent: float = 0.4) -> list[Point]:
    random = np.random.default_rng(seed)
    sizes = (250, 500, 1000, 2000)
    errors = [factor * size**-exponent for size in sizes]
    found = [random.binomial(examined, error) / examined for error in errors]
    return [Point(size, error, examined, 1.0) for size, error in zip(sizes, found, strict=True)]


def test_a_law_comes_out_as_it_went_in() -> None:
    law = fitted_law([Point(size, 2.0 * size**-0.4, 10**9, 1.0) for size in (250, 500, 1000, 2000)])
    assert law is not None
    assert (law.factor, law.exponent) == (pytest.approx(2.0, rel=1e-3), pytest.approx(0.4, rel=1e-3))
    assert law.error(4000).value == pytest.approx(2.0 * 4000**-0.4, rel=1e-3)
    assert law.gain(2000, 2000).value == pytest.approx(2.0 * (2000**-0.4 - 4000**-0.4), rel=1e-3)


def test_nine_of_ten_intervals_hold_what_is_true() -> None:
    true = 2.0 * 4000**-0.4
    held = 0
    for seed in range(100):
        law = fitted_law(points(1000, seed), seed)
        assert law is not None
        held += law.error(4000).low <= true <= law.error(4000).high
    assert held >= 80  # nine of ten are expected: less than one in a thousand such tests has fewer


def test_a_training_on_twice_the_data_takes_what_a_line_says() -> None:
    exact = grown([100, 200, 400], [3.0, 4.0, 6.0], 2.0)
    assert tuple(exact) == pytest.approx((10.0, 10.0, 10.0))
    rough = grown([100, 200, 400, 800], [3.1, 3.9, 6.2, 9.9], 2.0)
    assert rough.low < 18.0 < rough.high
    assert grown_figure([]).known == "not known"


def test_what_is_not_known_has_a_reason() -> None:
    assert fitted_law(points(1000, 0)[:2]) is None
    (unasked,) = label_figures("accuracy", [])
    assert (unasked.value, unasked.known) == (None, "not known")
    assert "--learn-curve" in unasked.source
    (none,) = label_figures("rmse", [Point(10, 3.0, 10, 1.0)])
    assert "no power law" in none.source
    flat = [Point(size, 0.1, 50, 1.0) for size in (250, 500, 1000)]
    assert {figure.value for figure in label_figures("accuracy", flat)} == {None}
    far, near = label_figures("accuracy", points(5000, 1))
    assert "far beyond" in far.source
    assert near.low is not None
    assert near.value is not None
    assert 0 < near.low < near.value
