"""What a record is, as one number: the same on any machine, in any order of rows and columns, and in every version."""

from collections.abc import Collection
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from components.kinds.table.codec.dates import of_dates, part_names
from components.kinds.table.codec.features import Definition, Float32

UInt64 = NDArray[np.uint64]

_MISSING = np.uint64(0x6A09E667F3BCC908)
_ROWS = 2**17  # rows that are hashed together


def contents(frame: pl.LazyFrame, definition: Definition) -> UInt64:
    """Return a hash of the features of each record of `frame`, `[N]`, in its order.

    Two records that are the same to a model have the same: numbers count to the float32, categories by their letters,
    those that are not known as missing. Two that are not have one hash once in 2^64.
    """
    hashed = []
    columns = [*definition.numbers, *definition.dates, *definition.categories]
    for batch in frame.select(columns).collect_batches(chunk_size=_ROWS, maintain_order=True):
        total = np.zeros(len(batch), dtype=np.uint64)
        for name in definition.numbers:  # a sum: whatever the order of the columns
            total += _salted(name, _of_numbers(batch[name].cast(pl.Float32).fill_null(np.nan).to_numpy()))
        for name, parts in definition.dates.items():
            made = of_dates(batch[name].dt.epoch("ms").cast(pl.Float64).fill_null(np.nan).to_numpy(), parts)
            for part, column in zip(part_names(name, parts), made.T.astype(np.float32), strict=True):
                total += _salted(part, _of_numbers(column))
        for name, known in definition.categories.items():
            total += _salted(name, _of_texts(batch[name].cast(pl.String), known))
        hashed.append(mix(total))
    return np.concatenate(hashed) if hashed else np.empty(0, dtype=np.uint64)


def names(frame: pl.LazyFrame, column: str) -> UInt64:
    """Return a hash of each value of a column of ids or groups, `[N]`, in the order of `frame`."""
    values = frame.select(pl.col(column).cast(pl.String)).collect_batches(chunk_size=_ROWS, maintain_order=True)
    parts = [mix(_of_texts(batch.to_series(), None)) for batch in values]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def mix(values: UInt64) -> UInt64:
    """Return whole numbers mixed by SplitMix64 (Steele, Lea and Flood 2014): each has another, evenly distributed."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: UInt64 = mixed ^ (mixed >> np.uint64(31))
    return found


def _salted(column: str, values: UInt64) -> UInt64:
    return mix(values ^ _of_text(f"column\0{column}"))


def _of_numbers(values: Float32) -> UInt64:
    bits = (values + np.float32(0.0)).view(np.uint32).astype(np.uint64)  # -0.0 is 0.0
    return np.where(np.isnan(values), _MISSING, bits)


def _of_texts(texts: pl.Series, known: Collection[str] | None) -> UInt64:
    there = texts.unique().drop_nulls()
    if known is not None:
        there = there.filter(there.is_in(list(known)))
    hashes = pl.Series([int(_of_text(text)) for text in there], dtype=pl.UInt64)
    missing = pl.lit(int(_MISSING), dtype=pl.UInt64)
    pairs = pl.DataFrame({"text": there, "hash": hashes})
    found = texts.to_frame("text").join(pairs, on="text", how="left", maintain_order="left")
    return found.select(pl.col("hash").fill_null(missing)).to_series().to_numpy()


def _of_text(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little"))
