"""Two distributions, one beside the other."""

from collections.abc import Sequence

from markupsafe import Markup

from components.pages.svg import bar, line, svg, text

_TALL, _WIDE = 120, 330
_BELOW = 26
_LETTER = 7  # pixels, about
_GAP = 10


def draw_distributions(title: str, names: Sequence[str], expected: Sequence[float], now: Sequence[float]) -> Markup:
    """Draw two distributions over the same bins or categories, one beside the other in each.

    Args:
        title: what it shows, for who does not see it.
        names: of bins or categories, `[B]`.
        expected: the share of each in the reference, `[B]`.
        now: the share of each in what came, `[B]`.
    """
    most, foot = max(*expected, *now, 1e-9), _TALL + 8
    step = _WIDE / len(names)
    wide = step * 0.42
    drawn = [line("faint", 0, foot, _WIDE, foot)]
    for index, (before, after) in enumerate(zip(expected, now, strict=True)):
        left = index * step + step * 0.08
        drawn.append(bar(left, foot, wide, before / most * _TALL, "before"))
        drawn.append(bar(left + wide, foot, wide, after / most * _TALL, "after"))
    return svg(_WIDE, foot + _BELOW, title, [*drawn, *_named(names, step, foot + 14)])


def _named(names: Sequence[str], step: float, y: float) -> list[Markup]:
    """Write each name below its bars where all have room, else the first and the last."""
    room = int((step - _GAP) / _LETTER)
    if all(len(name) <= room for name in names):
        return [text((index + 0.5) * step, y, name, "middle") for index, name in enumerate(names)]
    half = int((_WIDE / 2 - _GAP) / _LETTER)
    return [text(0, y, _cut(names[0], half)), text(_WIDE, y, _cut(names[-1], half), "end")]


def _cut(name: str, letters: int) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"
