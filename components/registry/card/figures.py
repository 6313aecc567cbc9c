"""Drawings for the page, as SVG: they take their colours from it, light or dark, and stay sharp in print."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from components.registry.card.words import name, number

_WIDTH, _LABEL, _VALUE, _ROW = 750, 210, 60, 22
_SIDE, _EDGE = 300, 34
_SPARK = 48
_FREE = 0.05  # of the axis, on both sides

Estimate = Mapping[str, Any]


def intervals_drawn(found: Sequence[Estimate]) -> str:
    """Draw each estimate as a point in its interval, one a row."""
    bounds = [float(one[key]) for one in found for key in ("value", "low", "high") if one.get(key) is not None]
    low, high = min(bounds), max(bounds)
    margin = (high - low or 1.0) * _FREE
    low, high = low - margin, high + margin

    def at(value: float) -> float:
        return _LABEL + (value - low) / (high - low) * float(_WIDTH - _LABEL - _VALUE)

    rows = [_interval(one, index * _ROW + _ROW / 2, at) for index, one in enumerate(found)]
    return _svg(_WIDTH, len(found) * _ROW, "Each slice with its 95 % interval", rows)


def _interval(one: Estimate, y: float, at: Callable[[float], float]) -> str:
    drawn = _text(0, y, _short(one["name"])) + _text(_WIDTH, y, number(one["value"]), "end")
    if one.get("low") is not None:
        drawn += f'<line class="soft" x1="{at(one["low"]):.1f}" x2="{at(one["high"]):.1f}" y1="{y}" y2="{y}"/>'
    return drawn + f'<circle class="dot" cx="{at(one["value"]):.1f}" cy="{y}" r="4"/>'


def reliability_drawn(bins: Sequence[Estimate]) -> str:
    """Draw what was found against what was told, each bin with its interval; on the diagonal both are the same."""

    def x(value: float) -> float:
        return _EDGE + value * _SIDE

    def y(value: float) -> float:
        return _SIDE + 8 - value * _SIDE

    drawn = [f'<line class="faint" x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}"/>']
    drawn += [f'<line class="faint" x1="{x(0)}" y1="{y(v)}" x2="{x(1)}" y2="{y(v)}"/>' for v in (0.0, 0.5, 1.0)]
    for one in bins:
        place = f"{x(one['promised']):.1f}"
        low, high = y(one["low"]), y(one["high"])
        drawn.append(f'<line class="soft" x1="{place}" x2="{place}" y1="{low:.1f}" y2="{high:.1f}"/>')
        drawn.append(f'<circle class="dot" cx="{place}" cy="{y(one["found"]):.1f}" r="4"/>')
    drawn += [_text(_EDGE - 6, y(v), f"{v:.0%}", "end") for v in (0.0, 0.5, 1.0)]
    drawn.append(_text(_EDGE + _SIDE / 2, _SIDE + 24, "probability told, and how often it came true", "middle"))
    return _svg(_EDGE + _SIDE + 12, _SIDE + 36, "Calibration: what was found against what was told", drawn)


def robustness_drawn(curves: Sequence[Estimate]) -> str:
    """Draw each corruption as a line over severity 0 to 3; all share one height, 0 below."""
    most = max((value for one in curves for value in one["values"]), default=0.0) or 1.0
    columns, wide = 3, _WIDTH // 3
    cells = []
    for index, one in enumerate(curves):
        left, top = index % columns * wide, index // columns * (_SPARK + 3 * _ROW // 2)
        cells.append(_curve(one, left, top, wide - 24, most))
    rows = -(-len(curves) // columns)
    return _svg(_WIDTH, rows * (_SPARK + 3 * _ROW // 2), "Robustness: the metric as inputs are corrupted more", cells)


def _curve(one: Estimate, left: float, top: float, wide: float, most: float) -> str:
    values = one["values"]
    step, base = wide / max(len(values) - 1, 1), top + _ROW + _SPARK
    points = [(left + index * step, base - max(value, 0.0) / most * _SPARK) for index, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    ends = f"{number(values[0])} to {number(values[-1])}"
    return (
        _text(left, top + _ROW / 2, name(one["name"]))
        + _text(left + wide, top + _ROW / 2, ends, "end")
        + f'<line class="faint" x1="{left}" x2="{left + wide}" y1="{base}" y2="{base}"/>'
        + f'<polyline class="line" points="{line}"/>'
        + "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points)
    )


def _svg(width: float, height: float, title: str, drawn: Sequence[str]) -> str:
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg role="img" aria-label="{escape(title)}" {size}>{"".join(drawn)}</svg>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" dy="0.35em" text-anchor="{anchor}">{escape(text)}</text>'


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:27]}…"
