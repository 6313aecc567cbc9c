"""Held-out pictures as callers send them."""

from collections.abc import Sequence
from typing import Any

from components.kinds.image import codec
from components.kinds.image.codec.input import Input
from components.kinds.prepared import PreparedData


def requests(data: PreparedData[Input], places: Sequence[int], complete: bool) -> list[dict[str, Any]]:
    """Return the rows that a caller would send for the test examples at `places`."""
    inputs = data.inputs("test")
    return [codec.encode(inputs[place]) for place in places]
