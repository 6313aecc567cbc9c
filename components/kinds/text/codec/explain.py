"""Which words moved an answer most: each is left out, and the model asked again (as kinds/table does with features)."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.kinds.text.codec.characters import decode, encode
from components.kinds.text.codec.input import Input

Number = Callable[[NDArray[Any]], NDArray[np.float32]]

_MOST = 64  # parts of a text that are left out, one after another: of a longer one some words together


class Effect(BaseModel):
    """What one word does to one answer."""

    word: str = Field(description="As the model reads it; of a long text several words that stand together.")
    place: int = Field(description="Which of the text's words it is, from 0.")
    effect: float = Field(
        description="The probability, or the number that is told, less what it would be without the word."
    )


def explain(number: Number, examples: NDArray[Any], input: Input) -> list[list[Effect]]:
    """Return what each word does to the answers, the strongest first; one run of the model for all.

    Args:
        number: runs the model on `[N x M, length]`, M variants of each text, and returns what its answer stands on.
        examples: `[N, length]`.
        input: the bundle's description of one text.
    """
    parts = [_parts(decode(example)) for example in examples]
    most = max(map(len, parts))
    variants = np.repeat(examples, most, axis=0).reshape(len(examples), most, -1)
    for index, of_text in enumerate(parts):
        for place in range(len(of_text)):
            rest = " ".join(of_text[:place] + of_text[place + 1 :])
            variants[index, place] = encode(rest, input["length"])
    without = number(variants.reshape(len(examples) * most, -1)).reshape(len(examples), most)
    effects = number(examples)[:, np.newaxis] - without
    return [_effects(of_text, effect) for of_text, effect in zip(parts, effects, strict=True)]


def _parts(words: str) -> list[str]:
    said = words.split()
    return [" ".join(some) for some in np.array_split(said, _MOST)] if len(said) > _MOST else said


def _effects(parts: list[str], effects: NDArray[np.float32]) -> list[Effect]:
    strongest = np.argsort(-np.abs(effects[: len(parts)]), kind="stable")
    return [Effect(word=parts[place], place=place, effect=float(effects[place])) for place in strongest.tolist()]
