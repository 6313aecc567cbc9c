"""Held-out records as callers send them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq

from components.kinds.prepared import PreparedData
from components.kinds.table.codec.features import Definition, window_names
from components.kinds.table.codec.input import Input


def requests(data: PreparedData[Input], indices: Sequence[int], complete: bool) -> list[dict[str, Any]]:
    """Return the rows that a caller would send for the test records at `indices`.

    Args:
        data: the prepared data set.
        indices: rows of the test split.
        complete: with the windows that an endpoint would remember.
    """
    records = pq.read_table(data.path / "test_records.parquet", memory_map=True).take(list(indices)).to_pylist()
    rows = [{name: _sent(value) for name, value in record.items()} for record in records]
    if not complete and data.input["history"] == "endpoint":
        return rows
    windows = window_names(Definition.model_validate(data.input["definition"]))
    columns = [data.input["features"].index(name) for name in windows]
    known = data.inputs("test")[list(indices)][:, columns].astype(float).tolist()
    return [row | dict(zip(windows, values, strict=True)) for row, values in zip(rows, known, strict=True)]


def _sent(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
