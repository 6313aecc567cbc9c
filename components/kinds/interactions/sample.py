"""Held-out lists as callers send them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.seed import SEED, read_seed
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


def remembered(files: Path, input: Input, count: int) -> list[dict[str, Any]]:
    """Return rows of users alone, some `count` of those that the bundle knows by its `serving/`; none: it knows nobody.

    What such a row is answered by is what the endpoint remembers; what was held out is among it.
    """
    if "user" not in input:
        return []
    users = np.unique(read_seed(files / SEED).users)
    chosen = users[np.linspace(0, len(users) - 1, min(count, len(users))).astype(np.int64)]
    return [{input["user"]: name} for name in chosen.tolist()]
