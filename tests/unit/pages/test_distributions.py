import re

import pytest

from components.pages.distributions import draw_distributions


def heights(svg: str, style: str) -> list[float]:
    found = re.findall(rf'<rect class="{style}"[^>]* height="([\d.]+)"', svg)
    return [float(height) for height in found]


def test_two_distributions_share_one_scale() -> None:
    svg = draw_distributions("Size", ["small", "large"], [0.8, 0.2], [0.4, 0.6])
    before, after = heights(svg, "before"), heights(svg, "after")
    assert after[0] == pytest.approx(before[0] / 2, abs=0.1)
    assert after[1] == pytest.approx(3 * before[1], abs=0.2)


def test_what_the_data_says_is_escaped() -> None:
    svg = draw_distributions("<b>", ["<i>", "x"], [0.5, 0.5], [0.5, 0.5])
    assert "<b>" not in svg
    assert "<i>" not in svg


def test_names_are_written_where_they_have_room_else_the_first_and_the_last() -> None:
    shares = [0.1] * 10
    assert draw_distributions("Digit", [str(digit) for digit in range(10)], shares, shares).count("</text>") == 10
    svg = draw_distributions("Class", [f"a garment of the {digit}th class" for digit in range(10)], shares, shares)
    assert re.findall(r">([^<>]+)</text>", svg) == ["a garment of the 0th …", "a garment of the 9th …"]
