"""`relabelling.py`: what raw records are called whose labels may be put right. A kind may do without."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from components.kinds.contract.parameters import ConfigT


@dataclass(frozen=True)
class RawRecord:
    """A raw record."""

    name: str
    """As files of corrections call it."""
    label: str | None = None
    """As it stands there; None: only the prepared data tells it."""
    shown: Mapping[str, Any] | None = None
    """Its columns without the label; None: a person is shown the example itself."""


class Relabelling(Protocol[ConfigT]):
    """`relabelling.py`."""

    def raw_records(self, raw: Path, rows: NDArray[np.int64], config: ConfigT, /) -> list[RawRecord]:
        """Return records of a Parquet file of raw ones.

        Args:
            raw: the file.
            rows: `[n]`, which.
            config: the section `prepare` of the workload.
        """
