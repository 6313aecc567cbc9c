import re
from datetime import date, timedelta

import pytest

from components.pages.curves import NARROW, Curve, DayPoint, Level

FIRST = date(2026, 11, 1)


def points(*values: float | None) -> list[DayPoint]:
    """A point a day, with an interval; None: a day without."""
    days = [(FIRST + timedelta(index), value) for index, value in enumerate(values)]
    return [DayPoint(day, value, value - 0.1, value + 0.1) for day, value in days if value is not None]


def test_a_day_without_a_value_breaks_the_line() -> None:
    svg = Curve("Accuracy", points(0.9, 0.8, None, 0.7, 0.6)).draw()
    assert svg.count("<polyline") == svg.count('class="band"') == 2


def test_a_higher_value_stands_higher_and_all_of_it_is_on_the_drawing() -> None:
    svg = Curve("Accuracy", points(0.5, 0.9, 0.1), Level(-2.0, 3.0)).draw()
    ys = [float(y) for y in re.findall(r'<circle class="dot" cx="[\d.]+" cy="([\d.-]+)"', svg)]
    assert ys[1] < ys[0] < ys[2]
    height = float(re.findall(r'viewBox="0 0 \d+ (\d+)"', svg)[0])
    everything = [float(y) for pair in re.findall(r'points="([^"]+)"', svg) for y in re.findall(r",([\d.-]+)", pair)]
    assert all(0 <= y <= height for y in everything)


@pytest.mark.parametrize("values", [(0.9,), (0.0, 0.0), (1e9, 1.1e9), (-3.0, 2.0)])
def test_any_values_have_an_axis(values: tuple[float, ...]) -> None:
    flat = [DayPoint(FIRST + timedelta(index), value) for index, value in enumerate(values)]
    svg = Curve("Rows", flat).draw()
    assert "nan" not in svg
    assert 2 <= svg.count('class="faint"') <= 8


def test_a_count_begins_at_zero_and_a_marked_day_is_marked_where_it_is_on_the_axis() -> None:
    days = points(400.0, 410.0, 390.0)
    svg = Curve("Rows", days, since=FIRST + timedelta(1), from_zero=True).draw()
    assert ">0</text>" in svg
    assert svg.count('class="since"') == 1
    assert 'class="since"' not in Curve("Rows", days, since=FIRST - timedelta(1)).draw()


def test_a_narrow_drawing_is_drawn_anew_and_has_room_for_its_dates() -> None:
    svg = Curve("Accuracy", points(*[0.5] * 30)).draw(NARROW)
    assert f'viewBox="0 0 {NARROW} ' in svg
    assert max(float(x) for x in re.findall(r' cx="([\d.]+)"', svg)) <= NARROW
    assert len(re.findall(r">\d\d [A-Z][a-z]{2}</text>", svg)) == 2
