"""The label: two-valued, or not known."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.table.prepare.table import Table

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare

LABEL = "journeyman:label"
"""Column added to the table: 1 positive, 0 negative, -1 not known."""


@dataclass(frozen=True)
class Labels:
    """The two values of the label column."""

    column: str
    negative: Any
    positive: Any

    @property
    def classes(self) -> list[str]:
        """The values as text, the negative one first."""
        return [_text(self.negative), _text(self.positive)]

    def expression(self) -> pl.Expr:
        """Return `LABEL`."""
        label = pl.col(self.column)
        known = pl.when(label == self.positive).then(1).when(label == self.negative).then(0).otherwise(-1)
        return known.cast(pl.Int8).alias(LABEL)


def labels(table: Table, config: "Prepare") -> Labels:
    """Return which values the label has.

    Raises:
        DataError: there are not two, or it is not clear which is the positive one.
    """
    name, asked = config.columns.label, config.columns.positive
    values = table.frame.select(pl.col(name).drop_nulls().unique()).collect(engine="streaming")
    found = values[name].sort().to_list()
    shown = ", ".join(map(_text, found[:5])) + (" and more" if len(found) > 5 else "")
    if len(found) != 2:
        raise DataError(f"column {name!r} (prepare.columns.label): two values are needed, found {len(found)} ({shown})")
    positive = [value for value in found if value == (1 if asked is None else asked)]
    if not positive:
        said = "none of them is 1 or true" if asked is None else f"{asked!r} is none of them"
        raise DataError(f"column {name!r}: found {shown}; {said}: set prepare.columns.positive to the one to be found")
    return Labels(name, next(value for value in found if value != positive[0]), positive[0])


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


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
