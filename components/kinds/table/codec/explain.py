"""Which features moved an answer most: each is put back to its typical value, and the model asked again.

Occlusion by one reference value (Zeiler and Fergus 2014, arXiv:1311.2901, for pictures): exact for what it says, blind
to what two features do together. Written out: it takes nothing but the model and numpy, which the endpoint has.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.kinds.table.codec.features import Definition
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.records import Effect, Explained


def explain(
    score: Callable[[NDArray[Any]], NDArray[np.float32]],
    examples: NDArray[Any],
    input: Input,
    answers: Sequence[BaseModel],
) -> list[Explained]:
    """Return `answers` with what each feature does to them, the strongest first; one run of the model for all.

    Args:
        score: the model, `[N, F]` to `[N, 2]`.
        examples: `[N, F]`.
        input: the bundle's description of one example; its `typical` has one value a feature.
        answers: to `examples`, in their order.
    """
    typical = np.array(input["typical"], dtype=np.float32)
    effects = _effects(score, examples, typical)
    strongest = np.argsort(-np.abs(effects), axis=1, kind="stable")
    categories = Definition.model_validate(input["definition"]).categories
    known = [(name, categories.get(name)) for name in input["features"]]
    explained = []
    for answer, example, effect, indices in zip(answers, examples, effects, strongest, strict=True):
        shown = [_effect(*known[int(index)], example[index], typical[index], effect[index]) for index in indices]
        explained.append(Explained(**dict(answer), explanation=shown))
    return explained


def _effects(
    score: Callable[[NDArray[Any]], NDArray[np.float32]], examples: NDArray[Any], typical: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return `[N, F]`: the probability less that with the feature at its typical value."""
    count, width = examples.shape
    changed = np.repeat(examples, width, axis=0).reshape(count, width, width)
    indices = np.arange(width)
    changed[:, indices, indices] = typical
    without = score(changed.reshape(count * width, width))[:, 1].reshape(count, width)
    effects: NDArray[np.float32] = score(examples)[:, 1:] - without
    return effects


def _effect(name: str, values: Sequence[str] | None, here: np.float32, usual: np.float32, effect: np.float32) -> Effect:
    return Effect(feature=name, value=_shown(here, values), typical=_shown(usual, values), effect=float(effect))


def _shown(value: np.float32, values: Sequence[str] | None) -> float | str | None:
    if np.isnan(value):
        return None
    if values is None:
        return float(value)
    return values[int(value) - 1] if value >= 1 else None
