"""Held-out pictures as callers send them."""

from collections.abc import Sequence
from typing import Any

from components.kinds.image import codec
from components.kinds.image.codec.input import Input
from components.kinds.prepared import PreparedData


def requests(data: PreparedData[Input], indices: Sequence[int], complete: bool) -> list[dict[str, Any]]:
    """Return the rows that a caller would send for the test examples at `indices`."""
    inputs = data.inputs("test")
    return [codec.encode(inputs[index]) for index in indices]
