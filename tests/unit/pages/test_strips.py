import re
from datetime import date, timedelta

from components.pages.curves import NARROW, WIDE
from components.pages.strips import Strips

FIRST = date(2026, 11, 1)
DAYS = [FIRST + timedelta(index) for index in range(30)]


def test_a_cell_is_filled_where_it_was_so_and_a_day_that_was_none_is_left_out() -> None:
    svg = Strips("Drift", [*DAYS[:3], *DAYS[5:8]], [("brightness", {DAYS[2], DAYS[6]}), ("dark", set())]).draw()
    assert svg.count('<rect class="after"') == 2
    assert svg.count('<rect class="cell"') == 10
    lefts = [float(x) for x in re.findall(r'<rect class="(?:after|cell)" x="([\d.]+)"', svg)][:6]
    assert lefts[3] - lefts[2] > 2 * (lefts[1] - lefts[0])


def test_all_of_it_is_on_the_drawing_and_long_names_are_cut() -> None:
    for width in (WIDE, NARROW):
        svg = Strips("Drift", DAYS, [("a column with a name as long as a sentence", set(DAYS))]).draw(width)
        cells = re.findall(r'<rect class="after" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
        assert len(cells) == 30
        assert all(float(x) + float(wide) <= width for x, wide in cells)
        assert "…</text>" in svg
