"""Lists of recent items as callers send them -> the arrays that the model takes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.reader import ITEMS as ITEMS
from components.kinds.interactions.codec.reader import Reader as Reader
from components.kinds.interactions.codec.request import entities as entities
from components.kinds.interactions.codec.request import fields as fields
from components.kinds.interactions.codec.request import remembers as remembers
from components.kinds.interactions.codec.request import request as request
from components.kinds.interactions.codec.request import rows as rows
from components.kinds.plain import key as key
from components.kinds.plain import labelled as labelled

WARNS = True
Effect = None
explain = None


def described(examples: NDArray[np.int32], input: Input) -> dict[str, NDArray[Any]]:
    """Return what lists `[N, length + exclude]` look like, `[N]` each: how long, and how new their items are."""
    recent = examples[:, : input["length"]]
    there = (recent > 0).sum(axis=1)
    share = recent.sum(axis=1) / np.maximum(there, 1) / max(input["items"], 1)
    return {
        "recent items": there.astype(np.float32),
        "left out besides": (examples[:, input["length"] :] > 0).sum(axis=1).astype(np.float32),
        "newness of the recent items": share.astype(np.float32),
        "newness of the latest item": (recent[:, 0] / max(input["items"], 1)).astype(np.float32),
    }
