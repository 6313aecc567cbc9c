"""The expected count, and how probable it is that there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.tasks.codec import ModelVersion, Warnings
from components.tasks.labels import plain

OUTPUT = "expected"
"""`[N, 1]`: the mean of the distribution."""
SURE = "of none"
"""What is shown beside an answer: the head of a column."""


class Answer(BaseModel):
    """The answer to one example."""

    expected: float = Field(description="The count that is expected.")
    none: float = Field(description="The probability that there is none, 0 to 1.")
    model_version: ModelVersion
    warnings: Warnings = ()


def decide(outputs: NDArray[Any], decision: Mapping[str, Any]) -> None:
    """Return None: a count is no class."""


def numbers(outputs: NDArray[Any], decision: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the numbers of the answers."""
    return {"expected": outputs[:, 0], "none": np.exp(-outputs[:, 0])}


def answers(outputs: NDArray[Any], classes: Sequence[str], decision: Mapping[str, Any], version: str) -> list[Answer]:
    """Return the answers to `[N, 1]`."""
    columns = [column.tolist() for column in numbers(outputs, decision).values()]
    return [Answer(expected=mean, none=none, model_version=version) for mean, none in zip(*columns, strict=True)]


label = plain


def told(answer: Mapping[str, Any], label: str | float) -> tuple[str, str, bool]:
    """Return the answer in words, and whether the count is the nearest to it."""
    return f"{answer['expected']:.2f}", f"{answer['none']:.1%}", round(answer["expected"]) == float(label)


def explained_column(outputs: NDArray[Any]) -> NDArray[Any]:
    """Return that of the mean."""
    return np.zeros(len(outputs), dtype=np.int64)
