"""What a caller says became of a row -> the label as it is kept, for tasks of classes and of numbers."""

from collections.abc import Sequence
from difflib import get_close_matches
from math import isfinite

from components.config.errors import BadRequest

Told = bool | int | float | str
"""What JSON can say."""

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SHOWN = 20  # classes that are named
_COMPARED = 1_000  # classes up to which the nearest is looked for: of a hundred thousand it would take seconds

_LAST: list[tuple[Sequence[str], frozenset[str]]] = [((), frozenset())]
"""The classes that were asked about last, by their identity, and the set of them."""


def plain(told: Told, classes: Sequence[str]) -> str | float:
    """Return the name of the class, or the number where there are no classes.

    Raises:
        BadRequest: it is none of the classes, or no number; the sentence says what is.
    """
    if not classes:
        return _number(told)
    known = _known(classes)
    found = next((name for name in _written(told) if name in known), None)
    if found is None:
        raise _unknown(told, classes)
    return found


def binary(told: Told, classes: Sequence[str]) -> str:
    """Return the name of the class, of two of which the second is looked for: true is the second, false the first.

    Raises:
        BadRequest: it is neither.
    """
    if found := next((name for name in _written(told) if name in classes), None):
        return found
    truth = _TRUTH.get(_written(told)[0].lower())
    if truth is None:
        raise _unknown(told, classes, "true, false, ")
    return classes[truth]


def _known(classes: Sequence[str]) -> frozenset[str]:
    """Return the classes as a set, kept for as long as it is asked about the same: a catalogue has very many."""
    last = _LAST[0]
    if last[0] is not classes:
        last = _LAST[0] = (classes, frozenset(classes))
    return last[1]


def _number(told: Told) -> float:
    try:
        number = float("nan") if isinstance(told, bool) else float(told)
    except (OverflowError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise BadRequest(f"label: expected a finite number, not {told!r:.60}")
    return number


def _written(told: Told) -> tuple[str, ...]:
    """Return how a class of that name may be written, the plainest first."""
    if isinstance(told, bool):
        return (str(told), str(told).lower(), "1" if told else "0")
    if isinstance(told, float) and told.is_integer():
        return (str(int(told)), str(told))
    return (told.strip(), told) if isinstance(told, str) else (str(told),)


def _unknown(told: Told, classes: Sequence[str], others: str = "") -> BadRequest:
    close = get_close_matches(str(told)[:100], classes, n=1) if len(classes) <= _COMPARED else []
    known = ", ".join(classes[:_SHOWN]) + (f" and {len(classes) - _SHOWN} more" if len(classes) > _SHOWN else "")
    nearest = f"; did you mean {close[0]!r}?" if close else ""
    return BadRequest(f"label: {told!r:.60} is no class of the version at work; known are {others}{known}{nearest}")
