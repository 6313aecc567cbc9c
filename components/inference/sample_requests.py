"""Whether a bundle takes the examples of a data set that may not be its own, and how its endpoint is sent them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from components import catalogue
from components.inference.bundle import About
from components.inference.golden import GOLDEN
from components.inference.reference import REFERENCE
from components.kinds.prepared import PreparedData
from components.system.files import sha256


def requests(about: About, data: PreparedData, indices: Sequence[int]) -> list[dict[str, Any]] | None:
    """Return the test examples at `indices` as callers of the bundle send them; None: it takes other inputs.

    Those are pictures of another size, a table of other features, other columns, or values that its schema refuses.
    """
    if about.kind != data.kind or not catalogue.evaluation(data.kind, data.task).accepts(about.input, data):
        return None
    rows = catalogue.sample(data.kind).requests(replace(data, input=about.input), indices, False)
    return rows if is_own(about, data) or _are_taken(about, rows) else None


def is_own(about: About, data: PreparedData) -> bool:
    """Return whether `data` is what the bundle was made from, as far as the bundle describes it."""
    kept = {file.name: sha256(file) for file in Path(data.serving).glob("*")}
    added = (GOLDEN, REFERENCE)  # by `export`
    files = {name: digest for name, digest in about.files.items() if name not in added}
    return (about.input, about.classes, files) == (data.input, data.classes, kept)


def _are_taken(about: About, rows: Sequence[dict[str, Any]]) -> bool:
    taken = TypeAdapter(catalogue.codec(about.kind, about.task).request(about.input))
    try:
        for row in rows:
            taken.validate_python(row)
    except ValidationError:
        return False
    return True
