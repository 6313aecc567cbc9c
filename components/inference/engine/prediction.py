"""What the engine makes of the rows of one request."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel


class Prediction(NamedTuple):
    """The answers to N rows, and what they were made of: all of one model, whatever has been swapped meanwhile."""

    answers: Sequence[BaseModel]
    version: str
    """The registered version that answered."""
    examples: NDArray[Any]
    """`[N, ...]` as the model took them."""
    outputs: NDArray[np.float32]
    """`[N, K]`, what the answers were decided on."""
