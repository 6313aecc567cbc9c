"""Texts as callers send them -> the arrays that the model takes. The same code prepares data and serves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.config.errors import BadRequest
from components.kinds.labels import one_or_many, with_known_names
from components.kinds.plain import PlainReader
from components.kinds.plain import entities as entities
from components.kinds.plain import key as key
from components.kinds.plain import labelled as labelled
from components.kinds.plain import remembers as remembers
from components.kinds.text.codec.characters import BLANK, encode, is_cut, normalized
from components.kinds.text.codec.explain import Effect as Effect
from components.kinds.text.codec.explain import explain as explain
from components.kinds.text.codec.input import Input

WARNS = True
_CHEAP = 4_000  # characters that are read well within a millisecond


class Text(BaseModel):
    """What `POST /predict` takes of one text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(description="What somebody wrote, in any language.", json_schema_extra={"x-multiline": True})

    @model_validator(mode="before")
    @classmethod
    def _is_a_text(cls, content: Any) -> Any:
        return {"text": content} if isinstance(content, str) else with_known_names(cls, content, "a text")


class Reader(PlainReader):
    """Rows -> code points."""

    batched_reads = False

    def __init__(self, workload: str, input: Input, serve: Mapping[str, Any], files: Path, memory: str | None) -> None:
        self._length = input["length"]

    def is_cheap(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the texts are few and short."""
        return sum(len(row["text"]) for row in rows) <= _CHEAP

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.int32]:
        """Return the texts of `rows` as `[N, length]`.

        Raises:
            BadRequest: one has no character that can be read, or is none.
        """
        examples = np.zeros((len(rows), self._length), dtype=np.int32)
        for index, row in enumerate(rows):
            where = f"text {index + 1} of {len(rows)}" if len(rows) > 1 else "the text"
            if not isinstance(row.get("text"), str):
                raise BadRequest(f"{where} is missing")
            if not (words := normalized(row["text"], self._length)):
                raise BadRequest(f"{where} is empty: it has no letter, digit or sign")
            examples[index] = encode(words, self._length)
        return examples

    def warnings(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[str]]:
        """Return of texts that are longer than what is read, how long they are."""
        said = f"only its beginning was read, about {self._length:,}"
        return {
            index: [f"the text has {len(row['text']):,} characters: {said}"]
            for index, row in enumerate(rows)
            if len(row["text"]) > self._length // 2 and is_cut(normalized(row["text"], self._length), self._length)
        }


def request(input: Input) -> Any:
    """Return the type of what `POST /predict` takes: one text, or a list of them."""
    return one_or_many(Text)


def none(input: Input) -> str | None:
    """Return the label that says of a text that it is none of the classes; None: there is none."""
    return input.get("none")


def fields(input: Input) -> dict[str, tuple[str, bool]]:
    """Return the fields of a row: MLflow's types of them, and whether they may not be missing."""
    return {"text": ("string", True)}


def rows(request: Text | Sequence[Text]) -> list[dict[str, Any]]:
    """Return the request as rows."""
    return [{"text": one.text} for one in ([request] if isinstance(request, Text) else request)]


def described(examples: NDArray[np.int32], input: Input) -> dict[str, NDArray[Any]]:
    """Return what texts `[N, length]` look like, `[N]` each: how long they are, and of what they are made."""
    there = (examples > 0).sum(axis=1)
    ascii_letters = ((examples >= ord("a")) & (examples <= ord("z"))).sum(axis=1)
    digits = ((examples >= ord("0")) & (examples <= ord("9"))).sum(axis=1)
    return {
        "characters": there.astype(np.float32),
        "words": ((examples == BLANK).sum(axis=1) - 1).astype(np.float32),
        "letters a to z": (ascii_letters / np.maximum(there, 1)).astype(np.float32),
        "digits": (digits / np.maximum(there, 1)).astype(np.float32),
    }
