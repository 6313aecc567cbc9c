"""Records as callers send them <-> the arrays that the model takes. The same code prepares data and serves."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.kinds.table.codec.explain import explain
from components.kinds.table.codec.input import Decision
from components.kinds.table.codec.reader import Reader
from components.kinds.table.codec.records import Answer, Explained, fields, labelled, request, rows

__all__ = ["Answer", "Explained", "Reader", "answers", "decide", "explain", "fields", "labelled", "request", "rows"]


def decide(probabilities: NDArray[np.float32], decision: Decision) -> NDArray[np.int64]:
    """Return 1, the positive class, where its probability in `[N, 2]` reaches the threshold, else 0."""
    return (probabilities[:, 1] >= np.float32(decision["threshold"])).astype(np.int64)


def answers(
    probabilities: NDArray[np.float32], classes: Sequence[str], decision: Decision, version: str
) -> list[Answer]:
    """Return the answers to `[N, 2]`."""
    threshold = decision["threshold"]
    return [
        Answer(label=classes[chosen], probability=float(row[1]), threshold=threshold, model_version=version)
        for row, chosen in zip(probabilities, decide(probabilities, decision), strict=True)
    ]
