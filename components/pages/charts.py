"""Charts for pages: a curve over days with its interval, and two distributions side by side."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from components.pages.formatting import number
from components.pages.svg import Point, area, bar, dot, line, polyline, svg, text

_WIDTH, _HEIGHT = 750, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 10, 26
_FREE = 0.08  # of the axis, above and below what is drawn
_DATES = 6  # written below a curve
_FEW = 40  # points up to which each has a dot
_BARS, _PANEL = 120, 360
_SHORT = 12  # characters of a category below a bar


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
    name: str


def draw_curve(title: str, points: Sequence[DayPoint], level: Level | None = None) -> Markup:
    """Draw a value over days, the interval of each as a band; a day without a value breaks the line.

    Args:
        title: what it shows, for who does not see it.
        points: at least one, in the order of their days.
        level: what the values are to be compared with.
    """
    x, y = _day_axis(points), _value_axis(points, level)
    drawn = [_level(level, y)] if level else []
    drawn += [_grid(value, y) for value in _ticks(points, level)]
    for run in _runs(points):
        if len(run) > 1 and all(point.low is not None for point in run):
            drawn.append(area(_around(run, x, y)))
        elif len(run) == 1:
            drawn.append(_whisker(run[0], x, y))
        drawn.append(polyline([(x(point.day), y(point.value)) for point in run]))
    if len(points) <= _FEW:
        drawn += [dot(x(point.day), y(point.value), 3) for point in points]
    drawn += [_date(day, x) for day in _shown(points)]
    return svg(_WIDTH, _HEIGHT, title, drawn)


def draw_distributions(title: str, names: Sequence[str], expected: Sequence[float], now: Sequence[float]) -> Markup:
    """Draw two distributions over the same bins or categories, one beside the other in each.

    Args:
        title: what it shows, for who does not see it.
        names: of bins or categories, `[B]`.
        expected: the share of each in the reference, `[B]`.
        now: the share of each in what came, `[B]`.
    """
    most = max(*expected, *now, 1e-9)
    step = (_PANEL - 8) / len(names)
    wide = step * 0.42
    drawn = [line("faint", 0, _BARS + 8, _PANEL, _BARS + 8)]
    for index, (before, after) in enumerate(zip(expected, now, strict=True)):
        left = 4 + index * step
        drawn.append(bar(left, _BARS + 8, wide, before / most * _BARS, "before"))
        drawn.append(bar(left + wide, _BARS + 8, wide, after / most * _BARS, "after"))
    first, last = _cut(names[0]), _cut(names[-1])
    if len(names) * _SHORT * 7 <= _PANEL:
        drawn += [text(4 + (i + 0.45) * step, _BARS + 22, _cut(name), "middle") for i, name in enumerate(names)]
    else:
        drawn += [text(4, _BARS + 22, first), text(_PANEL - 4, _BARS + 22, last, "end")]
    return svg(_PANEL, _BARS + 34, title, drawn)


def _runs(points: Sequence[DayPoint]) -> list[list[DayPoint]]:
    """Return the points in runs of days that follow each other."""
    runs: list[list[DayPoint]] = []
    for point in points:
        if runs and (point.day - runs[-1][-1].day).days <= 1:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _day_axis(points: Sequence[DayPoint]) -> Callable[[date], float]:
    first, days = points[0].day, max((points[-1].day - points[0].day).days, 1)
    wide = _WIDTH - _LEFT - _RIGHT
    return lambda day: _LEFT + (day - first).days / days * wide


def _bounds(points: Sequence[DayPoint], level: Level | None) -> tuple[float, float]:
    values = [value for point in points for value in (point.value, point.low, point.high) if value is not None]
    values += [level.low, level.high] if level else []
    low, high = min(values), max(values)
    margin = (high - low or abs(high) or 1.0) * _FREE
    return low - margin, high + margin


def _value_axis(points: Sequence[DayPoint], level: Level | None) -> Callable[[float], float]:
    low, high = _bounds(points, level)
    tall = _HEIGHT - _TOP - _BOTTOM
    return lambda value: _TOP + (high - value) / (high - low) * tall


def _ticks(points: Sequence[DayPoint], level: Level | None) -> list[float]:
    """Return three or so round values within the axis."""
    low, high = _bounds(points, level)
    rough = (high - low) / 3
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * min((1, 2, 5, 10), key=lambda times: abs(times * size - rough))
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step) + 1)]


def _grid(value: float, y: Callable[[float], float]) -> Markup:
    said = text(_LEFT - 8, y(value), number(value).rstrip("0").rstrip(".") if value else "0", "end")
    return line("faint", _LEFT, y(value), _WIDTH - _RIGHT, y(value)) + said


def _level(level: Level, y: Callable[[float], float]) -> Markup:
    top, foot = min(y(level.high), y(level.low) - 2), y(level.low)
    return bar(_LEFT, foot, _WIDTH - _LEFT - _RIGHT, foot - top, "level")


def _around(run: Sequence[DayPoint], x: Callable[[date], float], y: Callable[[float], float]) -> list[Point]:
    above = [(x(point.day), y(point.value if point.high is None else point.high)) for point in run]
    below = [(x(point.day), y(point.value if point.low is None else point.low)) for point in run]
    return above + below[::-1]


def _whisker(point: DayPoint, x: Callable[[date], float], y: Callable[[float], float]) -> Markup:
    if point.low is None or point.high is None:
        return Markup("")
    return line("soft", x(point.day), y(point.low), x(point.day), y(point.high))


def _shown(points: Sequence[DayPoint]) -> list[date]:
    """Return the days that are written: the first, the last, and some between."""
    days = [point.day for point in points]
    if len(days) <= _DATES:
        return days
    span = (days[-1] - days[0]).days
    near = [days[0].toordinal() + round(index * span / (_DATES - 1)) for index in range(_DATES)]
    return [date.fromordinal(ordinal) for ordinal in near]


def _date(day: date, x: Callable[[date], float]) -> Markup:
    at = x(day)
    anchor = "start" if at < _LEFT + 30 else "end" if at > _WIDTH - 50 else "middle"
    return text(at, _HEIGHT - 10, f"{day:%d %b}", anchor)


def _cut(name: str) -> str:
    return name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…"
