"""Held-out lists as callers send them."""

from collections.abc import Sequence
from typing import Any

from components.kinds.interactions.codec.input import Input
from components.kinds.prepared import PreparedData


def requests(data: PreparedData[Input], indices: Sequence[int], complete: bool) -> list[dict[str, Any]]:
    """Return the rows that a caller would send of the test examples at `indices`, without items that came up later."""
    inputs, length, known = data.inputs("test"), data.input["length"], data.input["items"]
    lists = [([n for n in row[:length] if 0 < n <= known], row[length:]) for row in inputs[list(indices)].tolist()]
    return [
        {
            "recent": [data.classes[number - 1] for number in recent[::-1]],
            "exclude": [data.classes[number - 1] for number in besides if 0 < number <= known],
        }
        for recent, besides in lists
    ]
