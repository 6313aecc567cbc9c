"""How the evidence of a sequential test went: row by row, on a logarithmic scale, beside where it decides."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from components.pages.curves import WIDE
from components.pages.svg import dot, line, polyline, svg, text

_HEIGHT = 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 10, 26
_LEAST, _MOST = -4.0, 12.0  # powers of ten that are drawn at most
_GRID = 4  # powers of ten that are written, or so


@dataclass(frozen=True)
class Evidence:
    """What is drawn."""

    title: str
    """What it shows, for who does not see it."""
    points: Sequence[tuple[int, float]]
    """Rows, from 1, and E after them; at least one."""
    needed: float
    """Where E decides."""

    def draw(self, width: int = WIDE) -> Markup:
        """Draw E over rows; what lies beyond the powers of ten that are drawn lies on the edge."""
        powers = [min(max(math.log10(max(value, 1e-300)), _LEAST), _MOST) for _, value in self.points]
        decides = math.log10(self.needed)
        low, high = math.floor(min(0.0, *powers)), math.ceil(max(decides + 0.2, *powers))
        last = max(self.points[-1][0], 2)

        def x(row: int) -> float:
            return _LEFT + (row - 1) / (last - 1) * (width - _LEFT - _RIGHT)

        def y(power: float) -> float:
            return _TOP + (high - power) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

        end = width - _RIGHT
        drawn = []
        for power in range(low, high + 1, -(-(high - low) // _GRID)):
            drawn.append(line("faint", _LEFT, y(power), end, y(power)) + text(_LEFT - 8, y(power), _said(power), "end"))
        drawn.append(line("edge", _LEFT, y(decides), end, y(decides)))
        at = [(x(row), y(power)) for (row, _), power in zip(self.points, powers, strict=True)]
        drawn += [polyline(at), dot(*at[-1], 3)]
        drawn += [text(_LEFT, _HEIGHT - 10, "1"), text(end, _HEIGHT - 10, f"{last:,} labels", "end")]
        return svg(width, _HEIGHT, self.title, drawn)


def _said(power: int) -> str:
    return f"{10.0**power:,.0f}" if 0 <= power < 5 else f"{10.0**power:g}"
