"""What records are called whose labels may be put right, and what a person is shown of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.kinds.contract.relabelling import RawRecord
from components.kinds.table.params import Prepare
from components.kinds.table.prepare.corrections import name_of
from components.kinds.table.prepare.label_values import shown


def raw_records(raw: Path, rows: NDArray[np.int64], config: Prepare) -> list[RawRecord]:
    """Return the records at `rows`, without the columns that are dropped."""
    found: dict[int, RawRecord] = {}
    start = 0
    for batch in pq.ParquetFile(raw).iter_batches():
        here = rows[(rows >= start) & (rows < start + len(batch))]
        for row, record in zip(here.tolist(), batch.take(pa.array(here - start)).to_pylist(), strict=True):
            found[row] = _record(record, row, config)
        start += len(batch)
    return [found[row] for row in rows.tolist()]


def _record(record: dict[str, Any], row: int, config: Prepare) -> RawRecord:
    label = record.get(str(config.columns.label))
    left_out = {config.columns.label, *config.columns.drop}
    told = {name: _plain(value) for name, value in record.items() if name not in left_out}
    return RawRecord(name_of(record, row, config.columns), None if label is None else shown(label), told)


def _plain(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
