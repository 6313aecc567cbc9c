"""SVG for pages: drawings take their colours from the page, light or dark, and stay sharp in print."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

Point = tuple[float, float]


def svg(width: float, height: float, title: str, drawn: Iterable[Markup]) -> Markup:
    """Return the drawing; `title` says what it shows to who does not see it."""
    element = Markup('<svg role="img" aria-label="{}" viewBox="0 0 {w} {h}" width="{w}" height="{h}">{}</svg>')
    return element.format(title, Markup("").join(drawn), w=width, h=height)


def text(x: float, y: float, said: str, anchor: str = "start") -> Markup:
    """Return words; `anchor` says which end of them stands at `x`: `start`, `middle`, `end`."""
    return Markup('<text x="{}" y="{}" dy="0.35em" text-anchor="{}">{}</text>').format(x, y, anchor, said)


def line(style: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    """Return a line of the page's class `style`."""
    element = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    return element.format(style, x1, y1, x2, y2)


def polyline(points: Sequence[Point], style: str = "line") -> Markup:
    """Return a line through `points`."""
    return Markup('<polyline class="{}" points="{}"/>').format(style, _listed(points))


def area(points: Sequence[Point], style: str = "band") -> Markup:
    """Return the area that `points` surround."""
    return Markup('<polygon class="{}" points="{}"/>').format(style, _listed(points))


def bar(x: float, y: float, width: float, height: float, style: str) -> Markup:
    """Return an upright bar whose foot is at `y`."""
    element = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
    return element.format(style, x, y - height, width, height)


def dot(x: float, y: float, radius: int = 4, style: str = "dot") -> Markup:
    """Return a point."""
    return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(style, x, y, radius)


def _listed(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
