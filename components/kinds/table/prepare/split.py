"""Which record belongs to which split: spans of time where a column of times is named, else drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

SPLIT = "journeyman:split"
"""Column added to the table: index into `SPLITS`, or -1."""

KEY = "journeyman:key"
"""Column added to the table where the splits are drawn: a hash of what they are drawn from."""


@dataclass(frozen=True)
class Parted:
    """The records, and the split of each."""

    frame: pl.LazyFrame
    """With `SPLIT`; in order of time, if the splits are spans of it."""
    sizes: Mapping[str, int]
    """Records of each split."""
    read: list[str]
    """How the splits came about, in sentences for people."""
    about: Mapping[str, Any]
    """By split: from when to when, or which part of the records."""
    test: pl.LazyFrame
    """Those of the test split."""
    recent: pl.LazyFrame | None = None
    """Those that windows of the test split reach back to; None: the splits are drawn, so there are no windows."""

    @property
    def drawn(self) -> bool:
        """Whether the splits are drawn."""
        return self.recent is None
