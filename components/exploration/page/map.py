"""The map: a small picture of each example where t-SNE puts it, framed in the colour of its group."""

from collections.abc import Callable

import numpy as np
from markupsafe import Markup

from components.exploration.groups import Groups
from components.exploration.tables import group_name
from components.pages.svg import svg

_WIDTH, _HEIGHT = 1_080, 720
_COLOURS = 10
_PICTURES = 400  # as pictures; more would cover each other


def draw_map(groups: Groups, source: Callable[[int], str]) -> Markup:
    """Return the drawing; `source` returns an example's picture as an address."""
    side = 40 if len(groups.mapped) <= _PICTURES // 2 else 24
    low, high = groups.map.min(axis=0), groups.map.max(axis=0)
    room = np.array([_WIDTH, _HEIGHT]) - side - 8
    places = 4 + (groups.map - low) / np.maximum(high - low, 1e-9) * room
    step = -(-len(groups.mapped) // _PICTURES)
    drawn = [
        _picture(place[0], place[1], side, source(int(index)), int(groups.group[index]))
        for index, place in zip(groups.mapped[::step], places[::step], strict=True)
    ]
    return svg(_WIDTH, _HEIGHT, f"a map of {len(drawn)} examples in {groups.count} groups", drawn)


def _picture(x: float, y: float, side: int, source: str, group: int) -> Markup:
    element = Markup(
        '<g><title>{}</title><image x="{:.0f}" y="{:.0f}" width="{s}" height="{s}" href="{}"/>'
        '<rect class="group{c}" x="{:.0f}" y="{:.0f}" width="{s}" height="{s}"/></g>'
    )
    return element.format(group_name(group), x, y, source, x, y, s=side, c=group % _COLOURS)
