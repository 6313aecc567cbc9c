"""One column of the raw table whose values are not yet what they say, and what is decided of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from components.kinds.nulls import BLANK, NULLS

ROW = "journeyman:row"
"""A column added to a table: the index in it, from 0."""
ROWS = 2**17
"""Rows that are looked at together."""
EXAMPLES = 3


@dataclass(frozen=True)
class Decision:
    """How a column is read."""

    read: Callable[[pl.Series], pl.Series]
    """Texts -> values, null where one says none."""
    missing: Callable[[pl.Series], pl.Series]
    """Which of the texts say that there is none."""
    said: str = ""
    """For people."""
    column: dict[str, Any] = field(default_factory=dict)
    """What the schema says of it."""


@dataclass(frozen=True)
class Texts:
    """One column of the table, batch by batch."""

    frame: pl.LazyFrame
    name: str
    nulls: Sequence[str]
    """Words that mean that a value is missing, beside the usual ones."""

    def missing(self, texts: pl.Series) -> pl.Series:
        """Return which of the texts say that a value is missing."""
        if texts.dtype != pl.String:
            return texts.is_null()
        plain = texts.str.strip_chars(BLANK)
        words = plain.str.to_lowercase().is_in(list(NULLS))
        more = list(self.nulls)
        said = words | texts.is_in(more) | plain.is_in(more) if more else words
        return said.fill_null(True)

    def batches(self) -> Iterator[pl.Series]:
        """Yield the values that are not missing."""
        for batch in self.frame.select(self.name).collect_batches(chunk_size=ROWS):
            series = batch.to_series()
            yield series.filter(~self.missing(series))

    def unread(self, read: Callable[[pl.Series], pl.Series]) -> "Unread":
        """Return how many of the values that are there are not read."""
        count = wrong = 0
        examples: list[tuple[int, Any]] = []
        for batch in self.frame.select(ROW, self.name).collect_batches(chunk_size=ROWS):
            there = batch.filter(~self.missing(batch[self.name]))
            faults = there.filter(read(there[self.name]).is_null())
            count, wrong = count + len(there), wrong + len(faults)
            examples.extend(faults.head(EXAMPLES - len(examples)).iter_rows())
        return Unread(count, wrong, examples)

    def first(self) -> Any:
        """Return the first value that is there."""
        return next((batch[0] for batch in self.batches() if len(batch)), None)


@dataclass(frozen=True)
class Unread:
    """Values of a column that are not read."""

    count: int
    """All that are there."""
    wrong: int
    """Those that are not read."""
    examples: list[tuple[int, Any]]
    """Rows and values of the first of those."""

    @property
    def shown(self) -> str:
        """The examples for people."""
        return ", ".join(f"row {row}: {value!r}" for row, value in self.examples)
