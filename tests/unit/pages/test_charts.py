import re
from datetime import date, timedelta

import pytest

from components.pages.charts import DayPoint, Level, draw_curve, draw_distributions

FIRST = date(2026, 11, 1)


def points(*values: float | None) -> list[DayPoint]:
    """A point a day, with an interval; None: a day without."""
    days = [(FIRST + timedelta(index), value) for index, value in enumerate(values)]
    return [DayPoint(day, value, value - 0.1, value + 0.1) for day, value in days if value is not None]


def heights(svg: str, style: str) -> list[float]:
    found = re.findall(rf'<rect class="{style}"[^>]* height="([\d.]+)"', svg)
    return [float(height) for height in found]


def test_a_day_without_a_value_breaks_the_line() -> None:
    svg = draw_curve("Accuracy", points(0.9, 0.8, None, 0.7, 0.6))
    assert svg.count("<polyline") == svg.count('class="band"') == 2


def test_a_higher_value_stands_higher_and_all_of_it_is_on_the_drawing() -> None:
    svg = draw_curve("Accuracy", points(0.5, 0.9, 0.1), Level(-2.0, 3.0, "expected"))
    ys = [float(y) for y in re.findall(r'<circle class="dot" cx="[\d.]+" cy="([\d.-]+)"', svg)]
    assert ys[1] < ys[0] < ys[2]
    height = float(re.findall(r'viewBox="0 0 \d+ (\d+)"', svg)[0])
    everything = [float(y) for pair in re.findall(r'points="([^"]+)"', svg) for y in re.findall(r",([\d.-]+)", pair)]
    assert all(0 <= y <= height for y in everything)


@pytest.mark.parametrize("values", [(0.9,), (0.0, 0.0), (1e9, 1.1e9), (-3.0, 2.0)])
def test_any_values_have_an_axis(values: tuple[float, ...]) -> None:
    flat = [DayPoint(FIRST + timedelta(index), value) for index, value in enumerate(values)]
    svg = draw_curve("Rows", flat)
    assert "nan" not in svg
    assert 2 <= svg.count('class="faint"') <= 8


def test_two_distributions_share_one_scale() -> None:
    svg = draw_distributions("Size", ["small", "large"], [0.8, 0.2], [0.4, 0.6])
    before, after = heights(svg, "before"), heights(svg, "after")
    assert after[0] == pytest.approx(before[0] / 2, abs=0.1)
    assert after[1] == pytest.approx(3 * before[1], abs=0.2)


def test_what_the_data_says_is_escaped() -> None:
    svg = draw_distributions("<b>", ["<i>", "x"], [0.5, 0.5], [0.5, 0.5])
    assert "<b>" not in svg
    assert "<i>" not in svg
