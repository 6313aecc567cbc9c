"""The suggestions: which items, how strongly, and which recent item each stands on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.kinds.suggestions import COLUMNS, MOST, ranked
from components.tasks.codec import ModelVersion, Rank, Unfamiliar, Warnings
from components.tasks.labels import plain

OUTPUT = "ranking"
"""`[N, 4 T]`: T items, the first suggestion first, their scores, the recent item that each stands on most, and the part
of its score that comes from there. Items are indices of the classes; -1: none."""
SURE = "score"
"""What says how sure an answer is."""

RIGHT = f"held-out examples with what was taken among the {MOST} suggestions"
"""What is counted of the live endpoint's answers that `told` calls right."""

LISTS = ("suggestions",)
"""Columns of lists of classes in a table of answers."""

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class Suggestion(BaseModel):
    """One item that is suggested."""

    item: str = Field(description="What it is called.")
    score: float = Field(description="How strongly; of two suggestions of one version the higher comes first.")
    because: str | None = Field(description="The recent item that it stands on most; null: it is popular.")
    part: float = Field(description="The part of what recent items speak for it that comes from there, 0 to 1.")


class Answer(BaseModel):
    """The answer to one list of recent items."""

    suggestions: list[Suggestion] = Field(description=f"At most {MOST}, the likeliest first.")
    model_version: ModelVersion
    warnings: Warnings = ()
    unfamiliar: Unfamiliar = None
    unfamiliar_rank: Rank = None


def decide(outputs: Float32, decision: Mapping[str, Any]) -> Int64:
    """Return the first suggestion of each of `[N, 4 T]`; the first class where there is none."""
    first: Int64 = np.maximum(outputs[:, 0], 0).astype(np.int64)
    return first


def numbers(outputs: Float32, decision: Mapping[str, Any]) -> dict[str, Float32]:
    """Return the score of the first suggestion."""
    return {"score": outputs[:, outputs.shape[1] // COLUMNS]}


def answers(outputs: Float32, classes: Sequence[str], decision: Mapping[str, Any], version: str) -> list[Answer]:
    """Return the answers to `[N, 4 T]`."""
    rows = zip(*(column.tolist() for column in ranked(outputs)), strict=True)
    return [Answer(suggestions=_suggestions(classes, *row), model_version=version) for row in rows]


label = plain


def listed(outputs: Float32, classes: Sequence[str]) -> dict[str, list[list[str]]]:
    """Return the suggestions of each of `[N, 4 T]` by their names."""
    return {"suggestions": [[classes[item] for item in items if item >= 0] for items in ranked(outputs).items.tolist()]}


def told(answer: Mapping[str, Any], label: str | float) -> tuple[str, str, bool]:
    """Return the first suggestion, its score, and whether the right item is among the suggestions."""
    names = [suggestion["item"] for suggestion in answer["suggestions"]]
    if not names:
        return "nothing", "", False
    return names[0], f"{answer['suggestions'][0]['score']:.3g}", label in names


def explained_column(outputs: Float32) -> Int64:
    """Return the score of the first suggestion."""
    return np.full(len(outputs), outputs.shape[1] // COLUMNS, dtype=np.int64)


def _suggestions(
    classes: Sequence[str], items: list[int], scores: list[float], because: list[int], parts: list[float]
) -> list[Suggestion]:
    return [
        Suggestion(item=classes[item], score=score, because=classes[reason] if reason >= 0 else None, part=part)
        for item, score, reason, part in zip(items, scores, because, parts, strict=True)
        if item >= 0
    ]
