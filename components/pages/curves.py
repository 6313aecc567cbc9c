"""Curves over days: each value with its interval, beside the level that it is to be compared with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup

from components.pages.formatting import number
from components.pages.svg import Point, area, bar, dot, line, polyline, svg, text

WIDE, NARROW = 750, 330
"""Widths of a drawing: of a page, and of a page on a phone."""
_HEIGHT = 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 10, 26
_FREE = 0.08  # of the axis, above and below what is drawn
_DATE_WIDTH = 110  # for each date below a curve
_FEW = 40  # points up to which each has a dot


@dataclass(frozen=True)
class DayPoint:
    """What a curve shows of one day."""

    day: date
    value: float
    low: float | None = None
    """Where its interval begins; None: it has none."""
    high: float | None = None


@dataclass(frozen=True)
class Level:
    """A level beside a curve, as what was expected of it: a line, or a band."""

    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """What is drawn."""

    title: str
    """What it shows, for who does not see it."""
    points: Sequence[DayPoint]
    """At least one, in the order of their days."""
    level: Level | None = None
    """What the values are to be compared with."""
    since: date | None = None
    """A day that is marked, if it is on the axis."""
    from_zero: bool = False
    """Whether the axis begins at zero, as that of a count has to."""

    def draw(self, width: int = WIDE) -> Markup:
        """Draw a value over days, the interval of each as a band; a day without a value breaks the line."""
        return _Drawn(self, width).svg()


@dataclass(frozen=True)
class _Drawn:
    """A curve on a drawing of some width."""

    curve: Curve
    width: int
    bounds: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bounds", _bounds(self.curve))

    def svg(self) -> Markup:
        points = self.curve.points
        drawn = [self._level(self.curve.level)] if self.curve.level else []
        drawn += [self._grid(value) for value in _ticks(*self.bounds)]
        for run in _runs(points):
            if len(run) > 1 and all(point.low is not None for point in run):
                drawn.append(area(self._around(run)))
            elif len(run) == 1:
                drawn.append(self._whisker(run[0]))
            drawn.append(polyline([(self.x(point.day), self.y(point.value)) for point in run]))
        if len(points) <= _FEW:
            drawn += [dot(self.x(point.day), self.y(point.value), 3) for point in points]
        drawn += [self._since()] + [self._date(day) for day in self._dates()]
        return svg(self.width, _HEIGHT, self.curve.title, drawn)

    def x(self, day: date) -> float:
        first, last = self.curve.points[0].day, self.curve.points[-1].day
        return _LEFT + (day - first).days / max((last - first).days, 1) * (self.width - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.bounds
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    def _grid(self, value: float) -> Markup:
        y = self.y(value)
        said = f"{value:,.0f}" if abs(value) >= 1_000 else number(value).rstrip("0").rstrip(".") if value else "0"
        return line("faint", _LEFT, y, self.width - _RIGHT, y) + text(_LEFT - 8, y, said, "end")

    def _level(self, level: Level) -> Markup:
        top, foot = min(self.y(level.high), self.y(level.low) - 2), self.y(level.low)
        band = bar(_LEFT, foot, self.width - _LEFT - _RIGHT, foot - top, "level")
        edges = (line("edge", _LEFT, y, self.width - _RIGHT, y) for y in (top, foot))
        return band + Markup("").join(edges)

    def _around(self, run: Sequence[DayPoint]) -> list[Point]:
        above = [(self.x(point.day), self.y(point.value if point.high is None else point.high)) for point in run]
        below = [(self.x(point.day), self.y(point.value if point.low is None else point.low)) for point in run]
        return above + below[::-1]

    def _whisker(self, point: DayPoint) -> Markup:
        if point.low is None or point.high is None:
            return Markup("")
        return line("soft", self.x(point.day), self.y(point.low), self.x(point.day), self.y(point.high))

    def _since(self) -> Markup:
        since, points = self.curve.since, self.curve.points
        if since is None or not points[0].day <= since <= points[-1].day:
            return Markup("")
        return line("since", self.x(since), _TOP, self.x(since), _HEIGHT - _BOTTOM)

    def _dates(self) -> list[date]:
        """Return the days that are written: the first, the last, and some between."""
        days = [point.day for point in self.curve.points]
        most = max(2, (self.width - _LEFT) // _DATE_WIDTH)
        if len(days) <= most:
            return days
        span = (days[-1] - days[0]).days
        near = [days[0].toordinal() + round(index * span / (most - 1)) for index in range(most)]
        return [date.fromordinal(ordinal) for ordinal in near]

    def _date(self, day: date) -> Markup:
        at = self.x(day)
        anchor = "start" if at < _LEFT + 30 else "end" if at > self.width - 50 else "middle"
        return text(at, _HEIGHT - 10, f"{day:%d %b}", anchor)


def _runs(points: Sequence[DayPoint]) -> list[list[DayPoint]]:
    """Return the points in runs of days that follow each other."""
    runs: list[list[DayPoint]] = []
    for point in points:
        if runs and (point.day - runs[-1][-1].day).days <= 1:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _bounds(curve: Curve) -> tuple[float, float]:
    values = [value for point in curve.points for value in (point.value, point.low, point.high) if value is not None]
    values += [curve.level.low, curve.level.high] if curve.level else []
    low, high = min(values), max(values)
    if curve.from_zero:
        return 0.0, (high or 1.0) * (1 + _FREE)
    margin = (high - low or abs(high) or 1.0) * _FREE
    return low - margin, high + margin


def _ticks(low: float, high: float) -> list[float]:
    """Return three or so round values within the axis."""
    rough = (high - low) / 3
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * min((1, 2, 5, 10), key=lambda times: abs(times * size - rough))
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step) + 1)]
