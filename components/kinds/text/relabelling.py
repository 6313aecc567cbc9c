"""What texts are called whose labels may be put right: by their file and row."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.kinds.contract.relabelling import RawRecord
from components.kinds.folders import label_text
from components.kinds.text.params import Prepare
from components.kinds.text.params.columns import NAME, find_columns


def raw_records(raw: Path, rows: NDArray[np.int64], config: Prepare) -> list[RawRecord]:
    """Return the texts at `rows`, with their labels as they stand there."""
    table = pq.read_table(raw)
    columns = find_columns([name for name in table.column_names if name != NAME], config)
    some = table.take(rows).to_pylist()
    return [RawRecord(row[NAME], label_text(row[columns.label]), {"text": row[columns.text]}) for row in some]
