"""Raw records of pictures: one row a picture."""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

BATCH = 1_000
"""Most records of a batch."""

SCHEMA = pa.schema(
    [
        pa.field("picture", pa.binary(), nullable=False),
        pa.field("label", pa.string()),  # of the folder; none where folders say nothing of labels
        pa.field("name", pa.string(), nullable=False),
        pa.field("split", pa.string()),  # if given
        pa.field("folder", pa.string()),  # within that of the label
        pa.field("row", pa.string()),  # JSON: what tables beside the pictures say of it, see `tables`
    ]
)


class Record(NamedTuple):
    """One picture."""

    picture: bytes
    label: str | None
    name: str
    split: str | None = None
    folder: str | None = None
    row: str | None = None


def to_batch(records: Sequence[Record]) -> pa.RecordBatch:
    """Return the records as a batch."""
    columns = zip(*records, strict=True)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )
