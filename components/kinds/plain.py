"""What a kind offers that has nothing of the sort: each example stands alone, and one is worth as much as another."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.prepared import PreparedData, Split


class PlainReader:
    """Rows -> examples, nothing remembered from one to the next; a kind adds `read`."""

    batched_reads = False

    def is_cheap(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether it is one row."""
        return len(rows) == 1

    def warnings(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[str]]:
        """Return nothing: nothing is known to be unusual."""
        return {}

    def record_labels(self, labels: Sequence[Mapping[str, Any]]) -> int:
        """Return 0: no row is remembered."""
        return 0

    def close(self) -> None:
        """Nothing is held open."""


def labelled(input: Any) -> Any:
    """Return the type of what `POST /labels` takes: a row is named by the id in its answer, or by its request's."""
    from components.kinds.labels import Label, one_or_many  # here: a learner needs no pydantic

    return one_or_many(Label)


def key(input: Any) -> None:
    """Return None: a row has no id of its own."""


def entities(input: Any) -> tuple[str, ...]:
    """Return nothing: a row says of nobody that it is his."""
    return ()


def remembers(input: Any) -> bool:
    """Return False: nothing is remembered of a row."""
    return False


def identity(input: Any) -> None:
    """Return None: a row has no id of its own."""


def memory(input: Any, files: Path) -> None:
    """Return None: nothing is remembered from one row to the next."""


def observations(rows: Sequence[Mapping[str, Any]], input: Any) -> dict[str, NDArray[Any]]:
    """Return nothing: nothing is remembered."""
    return {}


def leaves_out(config: Any) -> bool:
    """Return whether steps train only a part of the network: none does."""
    return False


def costs(data: PreparedData, split: Split) -> NDArray[np.float64] | None:
    """Return None: to miss one example costs as much as to miss another."""
    return None


def ranked(data: PreparedData, scores: NDArray[np.floating]) -> dict[str, float]:
    """Return nothing: examples stand for nobody but themselves."""
    return {}
