"""Answers about texts -> raw records: the text as it was sent, its label, its event id as its name."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from components.kinds.logged import LoggedRow
from components.kinds.text.codec.characters import decode
from components.kinds.text.params.columns import NAME, find_columns

FOLDER = "live"


def takes_unlabelled(workload: Any) -> bool:
    """Return no: a text without a label is no example of a split."""
    return False


def raw(rows: Sequence[LoggedRow], schema: pa.Schema, workload: Any) -> pa.Table:
    """Return the texts as raw records; other columns of the source are empty."""
    columns = find_columns([name for name in schema.names if name != NAME], workload.prepare)
    said = {
        columns.text: [(row.record or {}).get("text") or decode(row.example) for row in rows],
        columns.label: [None if row.label is None else str(row.label) for row in rows],
        NAME: [f"{FOLDER}/{row.id}" for row in rows],
    }
    plain = schema.remove_metadata()
    arrays = [pa.array(said.get(name, [None] * len(rows)), pa.string()) for name in plain.names]
    return pa.Table.from_arrays(arrays, schema=plain)
