"""Answers about recordings -> raw records: the samples as the model took them, their label, their event id."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from components.config.errors import DataError
from components.kinds.audio.codec import sound
from components.kinds.audio.source import SCHEMA, Record
from components.kinds.examples.batches import to_table
from components.kinds.logged import LoggedRow


def takes_unlabelled(workload: Any) -> bool:
    """Return no: a recording without a label is no example."""
    return False


def raw(rows: Sequence[LoggedRow], schema: pa.Schema, workload: Any) -> pa.Table:
    """Return the recordings as raw records.

    Raises:
        DataError: a label is a number, or the section does not say at which rate the samples are.
    """
    if any(not isinstance(row.label, str) for row in rows):
        raise DataError("recordings whose label is a number are not learnt from the log: put them into the inbox")
    rate = workload.prepare.rate
    if rows and rate is None:
        raise DataError("the log has samples without their rate: write prepare.rate, as `prepared.json` says it")
    records = [
        Record(sound.encode(row.example, rate), str(row.label), f"inbox/live/{row.id}.wav", "live") for row in rows
    ]
    return to_table(records, SCHEMA)
