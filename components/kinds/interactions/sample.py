"""Held-out lists as callers send them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.kinds.interactions.codec.input import Input
from components.kinds.prepared import PreparedData


def requests(data: PreparedData[Input], indices: Sequence[int], complete: bool) -> list[dict[str, Any]]:
    """Return the rows that a caller would send for the test examples at `indices`."""
    length, lists = data.input["length"], np.asarray(data.inputs("test")[list(indices)]).tolist()
    return [
        {
            "recent": [data.classes[number - 1] for number in one[:length][::-1] if number],
            "exclude": [data.classes[number - 1] for number in one[length:] if number],
        }
        for one in lists
    ]
