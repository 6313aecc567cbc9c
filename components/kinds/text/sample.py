"""Held-out texts as callers send them."""

from collections.abc import Sequence
from typing import Any

from components.kinds.prepared import PreparedData
from components.kinds.text.codec.characters import decode
from components.kinds.text.codec.input import Input


def requests(data: PreparedData[Input], indices: Sequence[int], complete: bool) -> list[dict[str, Any]]:
    """Return the rows that a caller would send for the test texts at `indices`, as they are normalized."""
    inputs = data.inputs("test")
    return [{"text": decode(inputs[index])} for index in indices]
