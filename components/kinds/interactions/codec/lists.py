"""Lists of items as callers and tables have them."""

import json
from collections.abc import Iterable
from typing import Any

from components.config.errors import BadRequest

LONGEST = 1_000
"""Characters of an id, at most."""
_EXACT = 2.0**53  # below it a whole number is no other's neighbour


def names(said: Any, field: str) -> list[str]:
    """Return a list of items as texts: a list, or the text of a JSON list, or texts parted by `|`, as tables have them.

    Raises:
        BadRequest: it is none of these.
    """
    if said is None or (isinstance(said, str) and not said):
        return []
    if isinstance(said, str):
        said = _listed(said, field)
    if not isinstance(said, Iterable):
        raise BadRequest(f"{field}: expected a list of items, not {said!r:.60}")
    return [as_id(name) for name in said]


def as_id(said: Any) -> str:
    """Return an id as a text, as those of the data are: `17.0` of a program that knows no whole numbers is `17`."""
    whole = isinstance(said, float) and said.is_integer() and abs(said) < _EXACT
    return str(int(said) if whole else said).strip()


def _listed(said: str, field: str) -> list[Any]:
    if not said.lstrip().startswith("["):
        return [part for part in said.split("|") if part.strip()]
    try:
        found = json.loads(said)
    except ValueError as error:
        raise BadRequest(f"{field}: begins as a list, and is none ({error})") from error
    if not all(isinstance(name, str | int | float) and not isinstance(name, bool) for name in found):
        raise BadRequest(f"{field}: expected a list of items, which are texts or whole numbers")
    return list(found)
