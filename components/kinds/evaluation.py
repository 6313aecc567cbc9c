"""What an evaluation finds beside the metrics, the same form for every kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

Corruption = Callable[[NDArray[Any], int, int], NDArray[Any]]
"""(examples `[n, ...]` as they were prepared, severity 1 to 3, seed) -> the same, corrupted; the given ones stay."""

Sort = Literal["invariance", "direction", "minimum"]
"""`invariance`: what does not matter changes no answer. `direction`: what matters moves an answer the right way.
`minimum`: the plainest examples are answered correctly."""

SEVERITIES = (1, 2, 3)


@dataclass(frozen=True)
class Behaviour:
    """One thing that a model should do, and how often it did (CheckList, Ribeiro et al. 2020)."""

    name: str
    sort: Sort
    passed: int
    count: int
    """Times that it was tried."""

    @classmethod
    def of(cls, name: str, sort: Sort, passed: Mask) -> Self:
        """Return the behaviour of which the tries `[N]` passed or not."""
        return cls(name, sort, int(passed.sum()), len(passed))


@dataclass(frozen=True)
class Stated:
    """A share that a model states of its answers, and of which test examples it came true."""

    name: str
    """`coverage`, `alert rate`."""
    share: float
    """What is stated, 0 to 1."""
    hits: Mask
    """`[N]`, test examples of which it came true."""
    counted: Mask
    """`[N]`, test examples of which it is stated."""
    calibrated_on: int
    """Validation examples by which the model was set to that share."""
    at_least: bool
    """Whether more is as good, in every part of the data; else less is."""


@dataclass(frozen=True)
class BaselineFeatures:
    """What a baseline learns from: simple features of the examples, which a kind makes without any training."""

    train: NDArray[np.float32]
    """`[n, F]`, of training examples; all of them, or a part that is spread evenly."""
    labels: NDArray[Any]
    """`[n]`, theirs."""
    test: NDArray[np.float32]
    """`[N, F]`, of the test split."""
    estimator: Literal["linear", "trees", "distance"]
    """What can be expected to do well on such features. `distance`: from the mean, which is 0; no label is asked."""
    categorical: tuple[int, ...] = ()
    """Columns that are codes, 0 where it is missing or unknown."""


@dataclass(frozen=True)
class Column:
    """A column of what callers send, and the features that are made of it."""

    name: str
    features: tuple[int, ...]
    """Their places in an example."""
    microseconds: float
    """CPU time that they take to be made of one record; what every record takes is in none of them."""


@dataclass(frozen=True)
class Leak:
    """Test examples that training has seen, or could have, or the like."""

    name: str
    count: int
    of: int
    """Examples that were looked at."""
    example: str
    """One of them; empty where there is none."""
