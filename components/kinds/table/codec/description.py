"""The features of records by their names, by which those that come are compared with those of validation."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.table.codec.features import Float32
from components.kinds.table.codec.input import Input


def described(examples: Float32, input: Input) -> dict[str, NDArray[Any]]:
    """Return each of the features `[N, F]`, `[N]`: numbers as they are, a category by its name.

    A category that is missing, or that training did not know, is None.
    """
    categories = input["definition"]["categories"]
    found: dict[str, NDArray[Any]] = {}
    for index, name in enumerate(input["features"]):
        column = np.asarray(examples[:, index])
        values = categories.get(name)
        found[name] = column if values is None else np.array([None, *values], dtype=object)[column.astype(np.int64)]
    return found
