"""Splits that are spans of time, the same for all users: training, then validation, then the test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.interactions.params import Prepare

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Cuts:
    """Where validation and test begin."""

    splits: NDArray[np.int8]
    """Of each example, an index into `SPLITS`."""
    ends: tuple[int, int]
    """Milliseconds since 1970."""
    told: str
    """In words."""


def cut(times: Int64, config: Prepare) -> Cuts:
    """Return the splits of examples with these times, `[N]` ascending; those of one moment are in one split.

    Raises:
        DataError: too few moments are there to part.
    """
    validation, test = (
        int(times[min(int(np.ceil(part * len(times))), len(times) - 1)])
        for part in (1.0 - config.validation - config.test, 1.0 - config.test)
    )
    if not times[0] < validation < test:
        raise DataError(
            f"{len(times):,} interactions are of too few moments to be parted in time: training would have those "
            f"before {_date(validation)}, validation those before {_date(test)}; see prepare.validation, prepare.test"
        )
    splits = ((times >= validation).astype(np.int8) + (times >= test)).astype(np.int8)
    told = (
        f"training is from {_date(int(times[0]))}, validation from {_date(validation)}, the test from {_date(test)} to "
        f"{_date(int(times[-1]))}"
    )
    return Cuts(splits, (validation, test), told)


def _date(time: int) -> str:
    return str(np.datetime64(time, "ms").astype("datetime64[m]")).replace("T", " ")
