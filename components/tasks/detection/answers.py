"""Whether an example is positive: its probability reaches the threshold."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.tasks.codec import ModelVersion, Rank, Unfamiliar, Warnings
from components.tasks.labels import binary

OUTPUT = "probabilities"
SURE = "probability"
"""What says how sure an answer is."""

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class Answer(BaseModel):
    """The answer to one example."""

    label: str = Field(description="The class it is taken for: the positive one from the threshold on.")
    probability: float = Field(description="Of the positive class, 0 to 1.")
    threshold: float = Field(description="The workload's: found in training, where its costs are least.")
    model_version: ModelVersion
    warnings: Warnings = ()
    unfamiliar: Unfamiliar = None
    unfamiliar_rank: Rank = None


def decide(outputs: Float32, decision: Mapping[str, Any]) -> Int64:
    """Return 1, the positive class, where its probability in `[N, 2]` reaches the threshold, else 0."""
    return (outputs[:, 1] >= np.float32(decision["threshold"])).astype(np.int64)


def numbers(outputs: Float32, decision: Mapping[str, Any]) -> dict[str, Float32]:
    """Return the probability of the positive class."""
    return {"probability": outputs[:, 1]}


def answers(outputs: Float32, classes: Sequence[str], decision: Mapping[str, Any], version: str) -> list[Answer]:
    """Return the answers to `[N, 2]`."""
    threshold = decision["threshold"]
    return [
        Answer(label=classes[chosen], probability=float(row[1]), threshold=threshold, model_version=version)
        for row, chosen in zip(outputs, decide(outputs, decision), strict=True)
    ]


label = binary


def told(answer: Mapping[str, Any], label: str | float) -> tuple[str, str, bool]:
    """Return the class, the probability of the positive one, and whether it is the right one."""
    return answer["label"], f"{answer['probability']:.3f}", answer["label"] == label


def explained_column(outputs: Float32) -> Int64:
    """Return that of the positive class."""
    return np.ones(len(outputs), dtype=np.int64)
