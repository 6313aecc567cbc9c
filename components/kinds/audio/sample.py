"""Held-out recordings as callers send them."""

from collections.abc import Sequence
from typing import Any

from components.kinds.audio.codec import sound
from components.kinds.audio.codec.input import Input
from components.kinds.prepared import PreparedData


def requests(data: PreparedData[Input], indices: Sequence[int], complete: bool) -> list[dict[str, Any]]:
    """Return the rows that a caller would send for the test examples at `indices`."""
    inputs = data.inputs("test")
    return [{"sound": sound.encode(inputs[index], data.input["rate"])} for index in indices]
