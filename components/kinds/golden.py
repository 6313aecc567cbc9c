"""A request by which anybody who reads for a bundle can be checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class GoldenRequest(NamedTuple):
    """One row as a caller sends it, complete: a reader without memory takes it."""

    name: str
    row: Mapping[str, Any]
    tolerance: float
    """How far a value that is read may differ between readers that are all right; 0: they agree to the bit."""
