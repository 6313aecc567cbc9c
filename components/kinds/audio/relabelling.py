"""What recordings are called whose labels may be put right: by their names."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.kinds.audio.params import Prepare
from components.kinds.contract.relabelling import RawRecord


def raw_records(raw: Path, rows: NDArray[np.int64], config: Prepare) -> list[RawRecord]:
    """Return the recordings at `rows`; their labels are in the prepared data."""
    names = pq.read_table(raw, columns=["name"])["name"]
    return [RawRecord(name) for name in names.take(rows).to_pylist()]
