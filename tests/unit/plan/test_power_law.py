"""The law is found again, and its interval holds it as often as it says."""

from dataclasses import replace

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
    exact = took({100: 3.0, 200: 4.0, 400: 6.0})
    assert tuple(grown(exact, exact[-1])) == pytest.approx((10.0, 10.0, 10.0))
    rough = took({100: 3.1, 200: 3.9, 400: 6.2, 800: 9.9})
    assert grown(rough, rough[-1]).low < 18.0 < grown(rough, rough[-1]).high
    assert grown_figure([]).known == "not known"


def test_of_few_examples_a_training_computes_as_many_as_of_some_more() -> None:
    work = {100: 6000.0, 200: 6000.0, 400: 7000.0, 800: 14000.0}
    plain = took({100: 6.1, 200: 5.9, 400: 7.0})
    there = [replace(each, work=work[each.examples], twice=work[2 * each.examples]) for each in plain]
    assert grown(there, there[-1]).value == pytest.approx(14.0, rel=0.02)
    assert grown(there, there[-1]).low < 14.0 < grown(there, there[-1]).high
    assert grown(plain, plain[-1]).value < 10.0  # by examples alone


def took(cpu: dict[int, float]) -> list[Point]:
    return [Point(examples, 0.1, 100, seconds) for examples, seconds in cpu.items()]


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
