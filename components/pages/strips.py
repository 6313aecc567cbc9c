"""Strips of days, one a row: on which of them something was so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from components.pages.curves import WIDE
from components.pages.svg import bar, svg, text

_ROW, _CELL, _BELOW = 24, 16, 24
_LETTER = 7.2  # pixels, about
_MOST_LETTERS = 24
_RIGHT, _MOST_WIDE = 12, 32


@dataclass(frozen=True)
class Strips:
    """What is drawn."""

    title: str
    """What it shows, for who does not see it."""
    days: Sequence[date]
    """At least one, each after the one before; a day that is left out was none."""
    rows: Sequence[tuple[str, Collection[date]]]
    """Names, and the days on which it was so."""

    def draw(self, width: int = WIDE) -> Markup:
        """Draw a row of cells for each name, one a day, filled where it was so."""
        letters = min(max(len(name) for name, _ in self.rows), _MOST_LETTERS if width >= WIDE else _MOST_LETTERS // 2)
        left = round(letters * _LETTER) + 12
        span = (self.days[-1] - self.days[0]).days + 1
        step = min((width - left - _RIGHT) / span, _MOST_WIDE)
        drawn = []
        for index, (name, so) in enumerate(self.rows):
            foot = (index + 1) * _ROW - (_ROW - _CELL) / 2
            drawn.append(text(0, foot - _CELL / 2, name if len(name) <= letters else f"{name[: letters - 1]}…"))
            for day in self.days:
                at = left + (day - self.days[0]).days * step
                drawn.append(bar(at, foot, max(step - 2, 1), _CELL, "after" if day in so else "cell"))
        y, end = len(self.rows) * _ROW + 12, left + span * step
        dates = [text(left, y, f"{self.days[0]:%d %b}")]
        if span > 1 and end - left > 110:
            dates.append(text(end - 2, y, f"{self.days[-1]:%d %b}", "end"))
        return svg(width, len(self.rows) * _ROW + _BELOW, self.title, [*drawn, *dates])
