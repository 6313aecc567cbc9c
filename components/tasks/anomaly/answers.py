"""How unusual an example is, where that stands among what was seen, and whether it is more than is usual."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.kinds.prepared import UNLABELLED
from components.tasks.codec import ModelVersion, Warnings
from components.tasks.labels import binary

OUTPUT = "score"
"""`[N, 1]`, 0 to 1."""
SURE = "score"
"""What says how sure an answer is."""

HEAT = True
"""Whether which places of an example are unusual explains its answer, where a kind has places."""

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Answer(BaseModel):
    """The answer to one example."""

    label: str = Field(description="The class it is taken for: the unusual one from the threshold on.")
    score: float = Field(description="How unusual it is, 0 to 1.")
    rank: float = Field(description="The share of the validation examples whose score is lower, 0 to 1.")
    threshold: float = Field(description="The score that the stated share of ordinary examples reaches.")
    model_version: ModelVersion
    warnings: Warnings = ()


def decide(outputs: Float32, decision: Mapping[str, Any]) -> Int64:
    """Return 1, the unusual class, where the score in `[N, 1]` reaches the threshold, else 0."""
    return (outputs[:, 0] >= np.float32(decision["threshold"])).astype(np.int64)


def ranks(scores: Float32, decision: Mapping[str, Any]) -> Float64:
    """Return the share of the validation examples whose score is lower than each of `[N]`, interpolated."""
    levels, known = np.array(decision["ranks"]).T
    known, first = np.unique(known.astype(np.float32), return_index=True)  # the lowest level of equal scores
    found: Float64 = np.interp(scores, known, levels[first], right=1.0)
    return found


def numbers(outputs: Float32, decision: Mapping[str, Any]) -> dict[str, Float32]:
    """Return the score and its rank."""
    scores = outputs[:, 0]
    return {"score": scores, "rank": ranks(scores, decision).astype(np.float32)}


def answers(outputs: Float32, classes: Sequence[str], decision: Mapping[str, Any], version: str) -> list[Answer]:
    """Return the answers to `[N, 1]`."""
    found = numbers(outputs, decision)
    rows = zip(decide(outputs, decision), found["score"].tolist(), found["rank"].tolist(), strict=True)
    threshold = decision["threshold"]
    return [
        Answer(label=classes[chosen], score=score, rank=rank, threshold=threshold, model_version=version)
        for chosen, score, rank in rows
    ]


label = binary


def told(answer: Mapping[str, Any], label: str | float) -> tuple[str, str, bool | None]:
    """Return the class, the score with its rank, and whether the class is the right one, where it is known."""
    sure = f"{answer['score']:.3f}, above {answer['rank']:.1%}"
    return answer["label"], sure, None if label == UNLABELLED else answer["label"] == label


def explained_column(outputs: Float32) -> Int64:
    """Return that of the score."""
    return np.zeros(len(outputs), dtype=np.int64)
