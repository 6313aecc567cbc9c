"""The most probable class, and the probability of every one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.tasks.codec import ModelVersion, Rank, Unfamiliar, Warnings
from components.tasks.labels import plain

OUTPUT = "probabilities"
SURE = "probability"
"""What says how sure an answer is."""
MOST = 100
"""Classes up to which an answer has the probability of each; of more it has those of the most probable."""

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class Answer(BaseModel):
    """What `POST /predict` answers."""

    label: str = Field(description="The most probable class.")
    probability: float = Field(description="Its probability, 0 to 1.")
    probabilities: dict[str, float] = Field(
        description=f"Every class with its probability; they add up to 1. Of more than {MOST} the most probable."
    )
    model_version: ModelVersion
    warnings: Warnings = ()
    unfamiliar: Unfamiliar = None
    unfamiliar_rank: Rank = None


def decide(outputs: Float32, decision: Mapping[str, Any]) -> Int64:
    """Return the class that each of `[N, classes]` is taken for: the most probable."""
    best: Int64 = outputs.argmax(axis=1)
    return best


def numbers(outputs: Float32, decision: Mapping[str, Any]) -> dict[str, Float32]:
    """Return the probability of the most probable class."""
    return {"probability": outputs.max(axis=1)}


def answers(outputs: Float32, classes: Sequence[str], decision: Mapping[str, Any], version: str) -> list[Answer]:
    """Return the answers to `[N, classes]`."""
    return [
        Answer(
            label=classes[best],
            probability=float(row[best]),
            probabilities=_by_class(row, classes),
            model_version=version,
        )
        for row, best in zip(outputs, decide(outputs, decision), strict=True)
    ]


label = plain


def told(answer: Mapping[str, Any], label: str | float) -> tuple[str, str, bool]:
    """Return the class, its probability, and whether it is the right one."""
    return answer["label"], f"{answer['probability']:.3f}", answer["label"] == label


def explained_column(outputs: Float32) -> Int64:
    """Return the most probable class."""
    best: Int64 = outputs.argmax(axis=1)
    return best


def _by_class(row: Float32, classes: Sequence[str]) -> dict[str, float]:
    if len(classes) <= MOST:
        return dict(zip(classes, map(float, row), strict=True))
    best = np.argsort(-row, kind="stable")[:MOST]
    return {classes[index]: float(row[index]) for index in best}
