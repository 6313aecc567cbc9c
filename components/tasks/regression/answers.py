"""The number, and the interval around it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.tasks.codec import ModelVersion, Rank, Unfamiliar, Warnings
from components.tasks.labels import plain

OUTPUT = "value"
"""`[N, 3]` in the label's unit: the number, and the lower and the upper quantile around it."""
SURE = "interval"
"""What says how sure an answer is."""

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class Answer(BaseModel):
    """The answer to one example."""

    value: float = Field(description="The number, in the unit of the label.")
    low: float = Field(description="Where its interval begins.")
    high: float = Field(description="Where its interval ends.")
    coverage: float = Field(description="The part of the intervals that hold the true number, 0 to 1.")
    model_version: ModelVersion
    warnings: Warnings = ()
    unfamiliar: Unfamiliar = None
    unfamiliar_rank: Rank = None


def decide(outputs: Float32, decision: Mapping[str, Any]) -> None:
    """Return None: a number is no class."""


def interval(outputs: Float32, decision: Mapping[str, Any]) -> tuple[Float32, Float32]:
    """Return the ends of the intervals of `[N, 3]`, `[N]` each: the quantiles, widened by what the decision says.

    The number always lies within, also where the decision narrows them.
    """
    wider = np.float32(decision["quantile"])
    value, lower, upper = outputs[:, 0], outputs[:, 1], outputs[:, 2]
    return np.minimum(lower - wider, value), np.maximum(upper + wider, value)


def numbers(outputs: Float32, decision: Mapping[str, Any]) -> dict[str, Float32]:
    """Return the number and the ends of its interval."""
    low, high = interval(outputs, decision)
    return {"value": outputs[:, 0], "low": low, "high": high}


def answers(outputs: Float32, classes: Sequence[str], decision: Mapping[str, Any], version: str) -> list[Answer]:
    """Return the answers to `[N, 3]`."""
    columns = (column.tolist() for column in numbers(outputs, decision).values())
    return [
        Answer(value=value, low=low, high=high, coverage=decision["coverage"], model_version=version)
        for value, low, high in zip(*columns, strict=True)
    ]


label = plain


def told(answer: Mapping[str, Any], label: str | float) -> tuple[str, str, bool]:
    """Return the number, its interval, and whether the true number lies within."""
    low, high = answer["low"], answer["high"]
    return f"{answer['value']:.5g}", f"{low:.5g} to {high:.5g}", low <= float(label) <= high


def explained_column(outputs: Float32) -> Int64:
    """Return that of the number."""
    return np.zeros(len(outputs), dtype=np.int64)
