"""What the bundle says of a list of recent items: JSON, written by `prepare`."""

import hashlib
from collections.abc import Sequence
from typing import NotRequired, TypedDict


class Input(TypedDict):
    """The lists that the model takes: int32 `[length + exclude]`, items by their number from 1, 0 for none.

    First the recent items, the latest first; behind them what is left out besides.
    """

    length: int
    exclude: int
    items: int
    """Items of the training split, the first of the classes: they are numbered in the order in which they came up, so
    that those of later data begin with them."""
    digest: str
    """SHA-256 of their names, one a line."""
    repeats: bool
    """Whether recent items may be suggested."""
    user: NotRequired[str]
    """The field of a request that says who asks, called as the column of the data; left out: nobody is remembered."""


def digest(names: Sequence[str]) -> str:
    """Return the SHA-256 of names, one a line."""
    return hashlib.sha256("".join(f"{name}\n" for name in names).encode()).hexdigest()
