"""Held-out signals as callers send them."""

from collections.abc import Sequence
from typing import Any

from components.kinds.prepared import PreparedData


def requests(data: PreparedData, indices: Sequence[int], complete: bool) -> list[dict[str, Any]]:
    """Return the rows that a caller would send for the test examples at `indices`."""
    return [dict(zip(data.input["samples"], data.inputs("test")[index].tolist(), strict=True)) for index in indices]
