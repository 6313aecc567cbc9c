"""Splits that are no spans of time: drawn from what a record is, or from the group that it belongs to.

The key of a record, by which `components.kinds.draw` draws, is the hash of its group (`prepare.columns.group`),
where one is named and there; else of its id (`prepare.columns.id`), where one is named and there; else of its features.
So the same record is in the same split whatever stands beside it and in which order. Records with an id that have the
features of others count by these all the same: copies are never in two splits, whatever their ids are. Limits: a record
of which a copy with another id arrives may change its split, and without an id a record does whose features change, as
all do when a column is added or dropped.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.column import ROW
from components.kinds.draw import TEST, TRAIN, draw
from components.kinds.prepared import SPLITS
from components.kinds.table.codec.features import Definition
from components.kinds.table.prepare.content import UInt64, contents, mix, names
from components.kinds.table.prepare.labels import LABEL, Labels
from components.kinds.table.prepare.split import KEY, SPLIT, Parted

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare


def by_content(frame: pl.LazyFrame, definition: Definition, label: Labels, config: "Prepare") -> Parted:
    """Return `frame` with `SPLIT` and `KEY`; memory holds a few numbers of each record.

    A record that draws the test split needs a label, unless none has any; without one it is in none. Classes are held
    alike in every split, numbers are not.

    Raises:
        DataError: a split has no record.
    """
    columns, (validation, test) = config.columns, config.split.parts
    content = contents(frame, definition)
    keys = content.copy()
    if columns.id is not None:
        single = _counts(content) == 1
        keys = np.where(single & _there(frame, columns.id), names(frame, columns.id), content)
    if columns.group is not None:
        keys = np.where(_there(frame, columns.group), names(frame, columns.group), keys)
    rows = frame.select(ROW, LABEL).collect(engine="streaming")
    labels = rows[LABEL].to_numpy()
    splits = draw(keys, labels if label.numbers is None else np.minimum(labels, 0), validation, test)
    unknown = _unknown(labels)
    unlabelled = (splits == TEST) & unknown & ~unknown.all()
    splits[unlabelled] = -1
    sizes: dict[str, int] = {split: int((splits == index).sum()) for index, split in enumerate(SPLITS)}
    counted = ", ".join(f"{sizes[split]:,} {verb}" for split, verb in zip(SPLITS, _VERBS, strict=True))
    more = f", {unlabelled.sum():,} of the test have no label" if unlabelled.any() else ""
    said = f"{_how(config)}: of {len(rows):,} records {counted}{more}"
    if empty := [split for split in SPLITS if not sizes[split]]:
        raise DataError(f"no record falls into the {empty[0]} split ({said}); see prepare.split, or bring more records")
    drawn = rows.select(ROW).with_columns(pl.Series(SPLIT, splits), pl.Series(KEY, keys)).lazy()
    about = {"train": round(1.0 - validation - test, 6), "validation": validation, "test": test}
    parted = frame.join(drawn, on=ROW, how="left", maintain_order="left")
    read = [said, *_twice(content, labels, splits, config)]
    return Parted(parted, sizes, read, about, parted.filter(pl.col(SPLIT) == TEST))


_VERBS = ("train", "validate", "test")


def _how(config: "Prepare") -> str:
    columns = config.columns
    if columns.group is not None:
        beside = f", not by time ({columns.time!r})" if columns.time else ""
        return f"split by group ({columns.group!r}){beside}, all records of one in one split"
    by = f"the id ({columns.id!r})" if columns.id else "the content"
    return f"split by {by} of each record, as no prepare.columns.time is named"


def _there(frame: pl.LazyFrame, column: str) -> NDArray[np.bool_]:
    return frame.select(pl.col(column).is_not_null()).collect(engine="streaming").to_series().to_numpy()


def _counts(keys: UInt64) -> NDArray[np.int64]:
    """Return how often each key is there, `[N]`."""
    _, indices, counts = np.unique(keys, return_inverse=True, return_counts=True)
    found: NDArray[np.int64] = counts[indices]
    return found


def _unknown(labels: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return which labels are not known: below 0 of a class, NaN of a number."""
    unknown: NDArray[np.bool_] = np.isnan(labels) if np.issubdtype(labels.dtype, np.floating) else labels < 0  # type: ignore[operator]
    return unknown


def _twice(content: UInt64, labels: NDArray[np.generic], splits: NDArray[np.int8], config: "Prepare") -> list[str]:
    """Say how many records are copies of others, and how many of the test stand in train in another group."""
    told = mix(content ^ mix(labels.astype(np.float64).view(np.uint64)))
    _, first, indices = np.unique(told, return_index=True, return_inverse=True)
    copies = len(content) - len(first)
    if not copies:
        return []
    if config.columns.group is None:
        return [f"{copies:,} records have the features and the label of another one: they are in one split with it"]
    known = np.zeros(len(first), dtype=np.bool_)
    known[indices[splits == TRAIN]] = True
    across = int(known[indices[splits == TEST]].sum())
    said = f"{across:,} test records have the features and the label of a training record of another group"
    return [said] if across else []
