"""The label: which task its values ask for, and the index of each value; or not known."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.table.prepare import label_messages as say
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
"""Column added to the table: the index of the label's class, or of its number among all of them; -1 not known."""
UNLABELLED = ("normal", "anomaly")
"""The classes of a table that has no label."""

_COUNT = "journeyman:count"
_TWO = ("detection", "anomaly")  # tasks whose label has two values
_FEWEST = 2  # records of a class
_COMMON = 0.02  # part of the records that a class has which is surely one


@dataclass(frozen=True)
class Labels:
    """The values of the label column."""

    task: str
    column: str | None
    values: tuple[Value, ...] = ()
    """Of the classes, in their order; of two the negative one first. None of numbers."""
    numbers: NDArray[np.float64] | None = None
    """Every different number, ascending; None: there are classes."""
    read: list[str] = field(default_factory=list)
    """How the column was understood, in sentences for people."""

    @property
    def classes(self) -> list[str]:
        """The values as text; none of numbers."""
        if self.numbers is not None:
            return []
        return [value.name for value in self.values] if self.column is not None else list(UNLABELLED)

    def expression(self) -> pl.Expr:
        """Return `LABEL`."""
        if self.column is None:
            return pl.lit(-1, dtype=pl.Int32).alias(LABEL)
        label = pl.col(self.column)
        if self.numbers is not None:
            number = label.cast(pl.Float64)
            index = pl.lit(pl.Series(self.numbers)).search_sorted(number)
            return pl.when(number.is_finite()).then(index).otherwise(-1).cast(pl.Int32).alias(LABEL)
        found = pl.lit(-1, dtype=pl.Int32)
        for code, value in enumerate(self.values):
            found = pl.when(label.is_in(list(value.spellings))).then(code).otherwise(found)
        return found.cast(pl.Int32).alias(LABEL)

    def told(self, indices: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return what is written of labels at `indices`, `[N]`: int64 indices of classes, or float64 numbers."""
        if self.numbers is None:
            return indices.astype(np.int64)
        numbers: NDArray[np.float64] = np.append(self.numbers, np.nan)[indices]  # the last one is that of -1
        return numbers


def labels(table: Table, config: "Prepare", task: str | None = None) -> Labels:
    """Return which values the label has, and what they ask for.

    Two values are a detection, few a classification, numbers a regression, and none anomalies; `task` says otherwise.

    Args:
        table: the table.
        config: the section `prepare`.
        task: what is asked; None: what the values say.

    Raises:
        DataError: the values are none of the task, or it is not clear which is the positive one.
    """
    name = config.columns.label
    if name is None:
        return _without(task)
    if table.types[name] in (None, "time"):
        raise DataError(f"column {name!r} (prepare.columns.label) holds neither classes nor numbers")
    counts = table.frame.select(name).drop_nulls().group_by(name).len(_COUNT).collect(engine="streaming")
    found = values(counts.iter_rows())
    left_out = {key(value) for value in config.columns.unknown} | {""}
    known = [value for value in found if value.key not in left_out]
    if len(known) > 2:
        known = [value for value in known if value.key not in NOTHING]
    nothing = [value for value in found if value not in known and value.key]
    pair = list(by_truth(known) or known)
    asked = task or _by_values(known, pair, table, name, config)
    if asked == "regression":
        return _numbers(name, known, nothing, table)
    if asked in _TWO:
        return _two(asked, name, known, nothing, table, config)
    return _classes(asked, name, known, nothing, table, config)


def _by_values(known: list[Value], pair: list[Value], table: Table, name: str, config: "Prepare") -> str:
    """Return the task that the values of a label ask for."""
    if len(pair) <= 2:
        return "detection"
    if say.is_number(known, table.types[name]):
        return "regression"
    if config.columns.positive is not None or (say.beside_a_pair(known) and not _are_numbered(known)):
        raise DataError(say.not_two(name, known, table.rows))
    return "classification"


def _are_numbered(known: list[Value]) -> bool:
    """Whether the values are 0, 1, 2 and so on, none of them rare: then they are classes, and none means unknown."""
    counts = [value.count for value in known]
    numbered = [value.key for value in known] == [str(index) for index in range(len(known))]
    return numbered and min(counts) >= _COMMON * sum(counts)


def _without(task: str | None) -> Labels:
    if task not in (None, "anomaly"):
        raise DataError(f"prepare.columns.label is missing: name the column that the {task} is to tell")
    read = "no column is named as the label: what is unlike the other records is to be found (task: anomaly)"
    return Labels("anomaly", None, read=[read])


def _two(task: str, name: str, known: list[Value], nothing: list[Value], table: Table, config: "Prepare") -> Labels:
    asked, truths = config.columns.positive, by_truth(known)
    pair = list(truths or known)
    if len(pair) != 2:
        raise DataError(say.not_two(name, known, table.rows))
    index = (1 if truths else None) if asked is None else chosen(pair, asked, truths is not None)
    if index is None:
        raise DataError(say.which(name, asked, pair))
    both = (pair[1 - index], pair[index])
    read = say.sentences(name, *both, nothing, table.rows)
    return Labels(task, name, both, read=[f"{read[0]}: task: {task}", *read[1:]])


def _classes(task: str, name: str, known: list[Value], nothing: list[Value], table: Table, config: "Prepare") -> Labels:
    if config.columns.positive is not None:
        raise DataError(say.positive_of_classes(name, config.columns.positive))
    if len(known) < 2:
        raise DataError(say.not_two(name, known, table.rows))
    if rare := [value for value in known if value.count < _FEWEST]:
        raise DataError(say.too_rare(name, known, rare))
    return Labels(task, name, tuple(known), read=say.of_classes(name, known, nothing, table.rows))


def _numbers(name: str, known: list[Value], nothing: list[Value], table: Table) -> Labels:
    if table.types[name] not in ("integer", "number"):
        raise DataError(say.no_numbers(name, known))
    spelled = (float(spelling) for value in known for spelling in value.spellings)
    numbers = np.unique(np.array([number for number in spelled if np.isfinite(number)], dtype=np.float64))
    if len(numbers) < 2:
        raise DataError(say.not_two(name, known, table.rows))
    return Labels("regression", name, numbers=numbers, read=say.of_numbers(name, numbers, known, nothing, table.rows))


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
