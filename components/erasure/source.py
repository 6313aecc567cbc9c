"""The user's own source, which is looked at and never changed."""

from pathlib import Path

import pyarrow as pa

from components import catalogue
from components.config.errors import DataError
from components.config.params import Workload
from components.erasure.subject import Subject
from components.kinds.raw import Origin


def rows_in_source(workload: Workload, subject: Subject) -> int:
    """Return how many rows of the source are the subject's; 0 where a description makes or names it."""
    if Path(workload.source).suffix in (".yaml", ".yml"):
        return 0
    try:
        raw = catalogue.source(workload.kind).open(Origin(workload.source, None, None))
        if subject.column not in raw.schema.names:
            return 0
        return sum(_count(batch.column(subject.column), subject) for batch in raw.batches)
    except DataError:
        return 0


def _count(column: pa.Array, subject: Subject) -> int:
    counted = column.value_counts().to_pylist()
    return sum(each["counts"] for each in counted if subject.is_it(each["values"]))
