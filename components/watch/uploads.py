"""What the files were that callers sent on a day, by counts: formats, sizes in pixels, bytes.

The log has it of each answer to a file. What was answered before logs had it counts for nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.watch.report import Range, UploadDay
from components.watch.statistics.quantiles import BYTES, Int64

_RECORD = pl.Struct({"format": pl.String, "width": pl.Int64, "height": pl.Int64, "bytes": pl.Int64})


def _none() -> Int64:
    return np.zeros((2, 0), dtype=np.int64)


@dataclass
class Uploads:
    """The files of one day and version."""

    formats: Counter[str] = field(default_factory=Counter)
    """How many were of which."""
    widths: Int64 = field(default_factory=_none)
    """`[2, sizes]`: each width that there was, ascending, and how often."""
    heights: Int64 = field(default_factory=_none)
    """Likewise."""
    bytes: Int64 = field(default_factory=lambda: np.zeros(BYTES.bins, dtype=np.int64))
    """How many files were of how many, by the bins of `BYTES`."""
    smaller: int = 0
    """Those that are less wide or high than what the model takes, or than it takes turned on its side."""

    def take(self, records: pa.Array, input: Mapping[str, Any]) -> None:
        """Take in files.

        Args:
            records: what the log says of each, as `kinds/upload.py` writes it; null where it says nothing.
            input: the bundle's description of one example.
        """
        said = pl.Series(pc.drop_null(records).to_pylist(), dtype=pl.String).str.json_decode(_RECORD).struct.unnest()
        if not len(said):
            return
        self.formats.update(said["format"].to_list())
        self.bytes = self.bytes + BYTES.count(said["bytes"].to_numpy())
        sized = said.drop_nulls()
        width, height = sized["width"].to_numpy(), sized["height"].to_numpy()
        self.widths, self.heights = _with(self.widths, width), _with(self.heights, height)
        if "width" in input and "height" in input:
            least, most = sorted((input["width"], input["height"]))
            self.smaller += int(((np.minimum(width, height) < least) | (np.maximum(width, height) < most)).sum())

    def day(self, day: date) -> UploadDay | None:
        """Return what is told of them; None: there are none."""
        if not (rows := self.formats.total()):
            return None
        sized = int(self.widths[1].sum())
        found = [BYTES.quantile(self.bytes, part) for part in (0.0, 0.5, 1.0)]
        return UploadDay(
            day=day,
            rows=rows,
            formats=dict(sorted(self.formats.items())),
            width=_range(self.widths),
            height=_range(self.heights),
            bytes=Range(**dict(zip(Range.model_fields, (round(size or 0) for size in found), strict=True))),
            smaller=self.smaller / sized if sized else None,
        )


def _with(counted: Int64, values: NDArray[np.int64]) -> Int64:
    more, times = np.unique(values, return_counts=True)
    both, counts = np.concatenate([counted[0], more]), np.concatenate([counted[1], times])
    known, which = np.unique(both, return_inverse=True)
    return np.stack([known, np.bincount(which, counts, len(known)).astype(np.int64)])


def _range(counted: Int64) -> Range | None:
    values, times = counted
    if not len(values):
        return None
    middle = int(np.searchsorted(times.cumsum(), (times.sum() + 1) // 2))
    return Range(least=int(values[0]), median=int(values[middle]), largest=int(values[-1]))
