"""The label: two-valued, or not known."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.table.prepare.label_messages import not_two, sentences, which
from components.kinds.table.prepare.label_values import (
    NOTHING,
    Value,
    by_truth,
    chosen,
    key,
    values,
)
from components.kinds.table.prepare.table import Table

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare

LABEL = "journeyman:label"
"""Column added to the table: 1 positive, 0 negative, -1 not known."""

_COUNT = "journeyman:count"


@dataclass(frozen=True)
class Labels:
    """The two values of the label column."""

    column: str
    negative: Value
    positive: Value
    read: list[str]
    """How the column was understood, in sentences for people."""

    @property
    def classes(self) -> list[str]:
        """The values as text, the negative one first."""
        return [self.negative.name, self.positive.name]

    def expression(self) -> pl.Expr:
        """Return `LABEL`."""
        label = pl.col(self.column)
        positive, negative = (label.is_in(list(value.spellings)) for value in (self.positive, self.negative))
        return pl.when(positive).then(1).when(negative).then(0).otherwise(-1).cast(pl.Int8).alias(LABEL)


def labels(table: Table, config: "Prepare") -> Labels:
    """Return which values the label has.

    Raises:
        DataError: there are not two, or it is not clear which is the positive one.
    """
    name, asked = config.columns.label, config.columns.positive
    if table.types[name] in (None, "time"):
        raise DataError(f"column {name!r} (prepare.columns.label) holds neither two values nor words for yes and no")
    counts = table.frame.select(name).drop_nulls().group_by(name).len(_COUNT).collect(engine="streaming")
    found = values(counts.iter_rows())
    left_out = {key(value) for value in config.columns.unknown} | {""}
    known = [value for value in found if value.key not in left_out]
    if len(known) > 2:
        known = [value for value in known if value.key not in NOTHING]
    truths = by_truth(known)
    pair = list(truths or known)
    if len(pair) != 2:
        raise DataError(not_two(name, known, table.types[name], table.rows))
    index = (1 if truths else None) if asked is None else chosen(pair, asked, truths is not None)
    if index is None:
        raise DataError(which(name, asked, pair))
    nothing = [value for value in found if value not in known and value.key]
    return Labels(
        name, pair[1 - index], pair[index], sentences(name, pair[1 - index], pair[index], nothing, table.rows)
    )


def drawn(rows: NDArray[np.integer[Any]], fraction: float) -> NDArray[np.bool_]:
    """Return which rows of the table keep their label: a pure function of the row, more of the same as it grows.

    The row's number is mixed by SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
    generators") and compared with the fraction.
    """
    mixed = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)) * 2.0**-53 < fraction
