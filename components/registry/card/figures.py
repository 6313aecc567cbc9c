"""Drawings for the page, as SVG: they take their colours from it, light or dark, and stay sharp in print."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from components.registry.card.formatting import name, number

_WIDTH, _LABEL, _VALUE, _ROW = 750, 210, 60, 22
_SIDE, _EDGE = 300, 34
_SPARK = 48
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
    return _svg(_WIDTH, len(estimates) * _ROW, "Each slice with its 95 % interval", rows)


def _interval(estimate: Estimate, y: float, x: Callable[[float], float]) -> Markup:
    drawn = _text(0, y, _short(estimate["name"])) + _text(_WIDTH, y, number(estimate["value"]), "end")
    if estimate.get("low") is not None:
        drawn += _line("soft", x(estimate["low"]), y, x(estimate["high"]), y)
    return drawn + _dot(x(estimate["value"]), y)


def draw_calibration(bins: Sequence[Estimate]) -> Markup:
    """Draw observed against predicted probability, each bin with its interval; on the diagonal both are the same."""

    def x(value: float) -> float:
        return _EDGE + value * _SIDE

    def y(value: float) -> float:
        return _SIDE + 8 - value * _SIDE

    drawn = [_line("faint", x(0), y(0), x(1), y(1))]
    drawn += [_line("faint", x(0), y(value), x(1), y(value)) for value in (0.0, 0.5, 1.0)]
    for estimate in bins:
        predicted = x(estimate["predicted"])
        drawn.append(_line("soft", predicted, y(estimate["low"]), predicted, y(estimate["high"])))
        drawn.append(_dot(predicted, y(estimate["observed"])))
    drawn += [_text(_EDGE - 6, y(value), f"{value:.0%}", "end") for value in (0.0, 0.5, 1.0)]
    drawn.append(_text(_EDGE + _SIDE / 2, _SIDE + 24, "predicted probability, and the observed share", "middle"))
    return _svg(_EDGE + _SIDE + 12, _SIDE + 36, "Calibration: observed against predicted probability", drawn)


def draw_robustness(curves: Sequence[Estimate]) -> Markup:
    """Draw each corruption as a line over severity 0 to 3; all share one height, 0 below."""
    most = max((value for curve in curves for value in curve["values"]), default=0.0) or 1.0
    columns, wide, high = 3, _WIDTH // 3, _SPARK + 3 * _ROW // 2
    cells = [
        _curve(curve, index % columns * wide, index // columns * high, wide - 24, most)
        for index, curve in enumerate(curves)
    ]
    rows = -(-len(curves) // columns)
    return _svg(_WIDTH, rows * high, "Robustness: the metric as inputs are corrupted more", cells)


def _curve(curve: Estimate, left: float, top: float, wide: float, most: float) -> Markup:
    values = curve["values"]
    step, base = wide / max(len(values) - 1, 1), top + _ROW + _SPARK
    points = [(left + index * step, base - max(value, 0.0) / most * _SPARK) for index, value in enumerate(values)]
    return Markup("").join(
        [
            _text(left, top + _ROW / 2, name(curve["name"])),
            _text(left + wide, top + _ROW / 2, f"{number(values[0])} to {number(values[-1])}", "end"),
            _line("faint", left, base, left + wide, base),
            Markup('<polyline class="line" points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in points)),
            *(_dot(x, y, 3) for x, y in points),
        ]
    )


def _svg(width: float, height: float, title: str, drawn: Iterable[Markup]) -> Markup:
    svg = Markup('<svg role="img" aria-label="{}" viewBox="0 0 {w} {h}" width="{w}" height="{h}">{}</svg>')
    return svg.format(title, Markup("").join(drawn), w=width, h=height)


def _text(x: float, y: float, text: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{}" y="{}" dy="0.35em" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    line = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    return line.format(style, x1, y1, x2, y2)


def _dot(x: float, y: float, radius: int = 4) -> Markup:
    return Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(x, y, radius)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
