"""Lists of items as callers and tables have them."""

import json
from collections.abc import Iterable
from typing import Any

from components.config.errors import BadRequest


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
    return [str(plain(name)).strip() for name in said]


def plain(name: Any) -> Any:
    """Return a whole number that a column with gaps has as 17.0 as what it was, 17; all else as it is."""
    return int(name) if isinstance(name, float) and name.is_integer() else name


def _listed(said: str, field: str) -> list[Any]:
    if not said.lstrip().startswith("["):
        return [part for part in said.split("|") if part.strip()]
    try:
        found = json.loads(said)
    except ValueError as error:
        raise BadRequest(f"{field}: begins as a list, and is none ({error})") from error
    if not all(isinstance(name, str | int) for name in found):
        raise BadRequest(f"{field}: expected a list of items, which are texts or whole numbers")
    return list(found)
