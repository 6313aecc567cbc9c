"""Raw records of examples that are files, in batches: few of them are in memory at a time."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

BATCH = 1_000
"""Most records of a batch."""
BATCH_BYTES = 64 * 2**20
"""Of files held in memory at a time; an array holds 2 GiB at most."""


def to_batch(records: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Return records, each with a value for every field of the schema, as a batch."""
    columns = zip(*records, strict=True)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def to_table(records: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Return records as a table; there may be none."""
    return pa.Table.from_batches([to_batch(records, schema)] if records else [], schema=schema)


def in_batches(records: Iterable[Sequence[Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield records, whose first value is their file, in batches."""
    held: list[Sequence[Any]] = []
    size = 0
    for record in records:
        if held and (len(held) == BATCH or size + len(record[0]) > BATCH_BYTES):
            yield to_batch(held, schema)
            held, size = [], 0
        held.append(record)
        size += len(record[0])
    if held:
        yield to_batch(held, schema)
