"""Answers about pictures -> raw records: the picture as the model took it, its label, its event id as its name."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from components.config.errors import DataError
from components.kinds.examples.batches import to_table
from components.kinds.image.codec import encode
from components.kinds.image.source.records import SCHEMA, Record
from components.kinds.logged import LoggedRow

FOLDER = "live"
"""What the pictures' folder is called, and their name begins with below `inbox/` or `unlabelled/`."""


def takes_unlabelled(workload: Any) -> bool:
    """Return no: a picture without a label is no example of a split; see `raw_unlabelled`."""
    return False


def raw(rows: Sequence[LoggedRow], schema: pa.Schema, workload: Any) -> pa.Table:
    """Return the pictures as raw records."""
    if any(not isinstance(row.label, str) for row in rows):
        raise DataError("pictures whose label is a number are not learnt from the log: put them into the inbox")
    records = [
        Record(encode(row.example)["picture"], str(row.label), f"inbox/{FOLDER}/{row.id}.png", None, FOLDER)
        for row in rows
    ]
    return to_table(records, SCHEMA)


def raw_unlabelled(rows: Sequence[LoggedRow]) -> pa.Table:
    """Return the pictures as raw records without a label, in no folder."""
    records = [
        Record(encode(row.example)["picture"], None, f"unlabelled/{FOLDER}/{row.id}.png", None, "") for row in rows
    ]
    return to_table(records, SCHEMA)
