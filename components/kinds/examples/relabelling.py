"""`relabelling.py` of kinds whose examples are files: these are called by their names."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.kinds.contract.relabelling import RawRecord


def raw_records(raw: Path, rows: NDArray[np.int64], config: Any) -> list[RawRecord]:
    """Return the raw records at `rows`; their labels are in the prepared data."""
    names = pq.read_table(raw, columns=["name"])["name"]
    return [RawRecord(name) for name in names.take(rows).to_pylist()]
