"""Drawings of a card: intervals of slices, calibration, robustness."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from components.pages.formatting import name, number
from components.pages.svg import dot, line, polyline, svg, text

_WIDTH, _LABEL, _VALUE, _ROW = 750, 210, 60, 22
_SIDE, _EDGE = 300, 34
_SPARK = 48
_COVERAGE_HIGH = 150
_FREE = 0.05  # of the axis, on both sides
_LONGEST = 28  # characters of a label

Estimate = Mapping[str, Any]


def draw_intervals(estimates: Sequence[Estimate]) -> Markup:
    """Draw each estimate as a point in its interval, one a row."""
    bounds = [float(row[key]) for row in estimates for key in ("value", "low", "high") if row.get(key) is not None]
    low, high = min(bounds), max(bounds)
    margin = (high - low or 1.0) * _FREE
    low, high = low - margin, high + margin

    def x(value: float) -> float:
        return _LABEL + (value - low) / (high - low) * float(_WIDTH - _LABEL - _VALUE)

    rows = [_interval(estimate, index * _ROW + _ROW / 2, x) for index, estimate in enumerate(estimates)]
    return svg(_WIDTH, len(estimates) * _ROW, "Each slice with its 95 % interval", rows)


def _interval(estimate: Estimate, y: float, x: Callable[[float], float]) -> Markup:
    drawn = text(0, y, _short(estimate["name"])) + text(_WIDTH, y, number(estimate["value"]), "end")
    if estimate.get("low") is not None:
        drawn += line("soft", x(estimate["low"]), y, x(estimate["high"]), y)
    return drawn + dot(x(estimate["value"]), y)


def draw_calibration(bins: Sequence[Estimate]) -> Markup:
    """Draw observed against predicted probability, each bin with its interval; on the diagonal both are the same."""

    def x(value: float) -> float:
        return _EDGE + value * _SIDE

    def y(value: float) -> float:
        return _SIDE + 8 - value * _SIDE

    drawn = [line("faint", x(0), y(0), x(1), y(1))]
    drawn += [line("faint", x(0), y(value), x(1), y(value)) for value in (0.0, 0.5, 1.0)]
    for estimate in bins:
        predicted = x(estimate["predicted"])
        drawn.append(line("soft", predicted, y(estimate["low"]), predicted, y(estimate["high"])))
        drawn.append(dot(predicted, y(estimate["observed"])))
    drawn += [text(_EDGE - 6, y(value), f"{value:.0%}", "end") for value in (0.0, 0.5, 1.0)]
    drawn.append(text(_EDGE + _SIDE / 2, _SIDE + 24, "predicted probability, and the observed share", "middle"))
    return svg(_EDGE + _SIDE + 12, _SIDE + 36, "Calibration: observed against predicted probability", drawn)


def draw_robustness(curves: Sequence[Estimate]) -> Markup:
    """Draw each corruption as a line over severity 0 to 3; all share one height, 0 below."""
    most = max((value for curve in curves for value in curve["values"]), default=0.0) or 1.0
    columns, wide, high = 3, _WIDTH // 3, _SPARK + 3 * _ROW // 2
    cells = [
        _curve(curve, index % columns * wide, index // columns * high, wide - 24, most)
        for index, curve in enumerate(curves)
    ]
    rows = -(-len(curves) // columns)
    return svg(_WIDTH, rows * high, "Robustness: the metric as inputs are corrupted more", cells)


def _curve(curve: Estimate, left: float, top: float, wide: float, most: float) -> Markup:
    values = curve["values"]
    step, base = wide / max(len(values) - 1, 1), top + _ROW + _SPARK
    points = [(left + index * step, base - max(value, 0.0) / most * _SPARK) for index, value in enumerate(values)]
    return Markup("").join(
        [
            text(left, top + _ROW / 2, name(curve["name"])),
            text(left + wide, top + _ROW / 2, f"{number(values[0])} to {number(values[-1])}", "end"),
            line("faint", left, base, left + wide, base),
            polyline(points),
            *(dot(x, y, 3) for x, y in points),
        ]
    )


def draw_coverage(points: Sequence[Estimate]) -> Markup:
    """Draw the part of wrong answers over the part of examples that are answered, the most familiar first."""
    most = max((1.0 - point["right"] for point in points), default=0.0) or 1.0

    def place(point: Estimate) -> tuple[float, float]:
        risk = 1.0 - point["right"]
        return _EDGE + point["coverage"] * _SIDE, _COVERAGE_HIGH - risk / most * (_COVERAGE_HIGH - _ROW)

    places = [place(point) for point in points]
    drawn = [
        line("faint", _EDGE, _COVERAGE_HIGH, _EDGE + _SIDE, _COVERAGE_HIGH),
        polyline(places),
        *(dot(x, y, 3) for x, y in places),
        text(_EDGE - 6, _ROW, f"{most:.1%}", "end"),
        text(_EDGE - 6, _COVERAGE_HIGH, "0", "end"),
        text(_EDGE + _SIDE / 2, _COVERAGE_HIGH + 16, "part that is answered, and wrong of these", "middle"),
    ]
    return svg(_EDGE + _SIDE + 12, _COVERAGE_HIGH + 28, "Risk and coverage", drawn)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
