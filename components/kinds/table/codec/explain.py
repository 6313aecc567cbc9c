"""Which features moved an answer most: each is put back to its typical value, and the model asked again.

Occlusion by one reference value (Zeiler and Fergus 2014, arXiv:1311.2901, for pictures): exact for what it says, blind
to what two features do together. Written out: it takes nothing but the model and numpy, which the endpoint has.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.kinds.table.codec.features import Definition
from components.kinds.table.codec.input import Input

Number = Callable[[NDArray[Any]], NDArray[np.float32]]


class Effect(BaseModel):
    """What one feature does to one answer."""

    feature: str
    value: float | str | None = Field(description="What it is here; null: missing.")
    typical: float | str | None = Field(description="What it is in the middle of the training data.")
    effect: float = Field(
        description="The probability, or the number that is told, less what it would be with the typical value."
    )


def explain(number: Number, examples: NDArray[Any], input: Input) -> list[list[Effect]]:
    """Return what each feature does to the answers, the strongest first; one run of the model for all.

    Args:
        number: runs the model on `[N x M, F]`, M variants of each example, and returns what its answer stands on.
        examples: `[N, F]`.
        input: the bundle's description of one example; its `typical` has one value a feature.
    """
    typical = np.array(input["typical"], dtype=np.float32)
    effects = _effects(number, examples, typical)
    strongest = np.argsort(-np.abs(effects), axis=1, kind="stable")
    categories = Definition.model_validate(input["definition"]).categories
    known = [(name, categories.get(name)) for name in input["features"]]
    return [
        [_effect(*known[int(index)], example[index], typical[index], effect[index]) for index in indices]
        for example, effect, indices in zip(examples, effects, strongest, strict=True)
    ]


def _effects(number: Number, examples: NDArray[Any], typical: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `[N, F]`: the number less that with the feature at its typical value."""
    count, width = examples.shape
    changed = np.repeat(examples, width, axis=0).reshape(count, width, width)
    indices = np.arange(width)
    changed[:, indices, indices] = typical
    without = number(changed.reshape(count * width, width)).reshape(count, width)
    effects: NDArray[np.float32] = number(examples)[:, np.newaxis] - without
    return effects


def _effect(name: str, values: Sequence[str] | None, here: np.float32, usual: np.float32, effect: np.float32) -> Effect:
    return Effect(feature=name, value=_shown(here, values), typical=_shown(usual, values), effect=float(effect))


def _shown(value: np.float32, values: Sequence[str] | None) -> float | str | None:
    if np.isnan(value):
        return None
    if values is None:
        return float(value)
    return values[int(value) - 1] if value >= 1 else None
