"""Raw records of pictures: one row a picture."""

from typing import NamedTuple

import pyarrow as pa

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
