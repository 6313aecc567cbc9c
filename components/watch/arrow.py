"""Columns of the log as NumPy's arrays, without copying them row by row."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def texts(column: pa.Array) -> pa.Array:
    """Return a column of texts without its dictionary."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def parts(rows: pa.RecordBatch, by: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the rows of each value of a column of texts."""
    column = texts(rows[by])
    values = column.unique().to_pylist()
    for value in values:
        yield value, rows if len(values) == 1 else rows.filter(pa.compute.equal(column, value))


def matrix(lists: pa.ListArray) -> NDArray[Any]:
    """Return lists of equally many numbers as `[N, K]`."""
    numbers: NDArray[Any] = lists.flatten().to_numpy(zero_copy_only=False)
    return numbers.reshape(len(lists), -1)


def examples(column: pa.BinaryArray, kind: str) -> NDArray[Any]:
    """Return examples `[N, ...]`.

    Args:
        column: the bytes of each.
        kind: NumPy's name of their numbers, and their shape: `<f4[10]`.
    """
    dtype, _, shape = kind.partition("[")
    sizes = [int(size) for size in shape.rstrip("]").split(",") if size.strip()]
    starts = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    content = np.frombuffer(column.buffers()[2], np.uint8)[starts[0] : starts[-1]]
    return content.view(dtype).reshape(len(column), *sizes)


def hashes(column: pa.ListArray, which: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return a hash of each row, `[N]`, and whether it has so many.

    Args:
        column: lists of hashes, of which the first is there.
        which: from 0; a row that has fewer gets its first.
    """
    values, starts = column.values, column.offsets.to_numpy()
    there = np.diff(starts) > which
    numbers = np.frombuffer(values.buffers()[1], np.uint64)[values.offset : values.offset + len(values)]
    return numbers[starts[:-1] + np.where(there, which, 0)], there
