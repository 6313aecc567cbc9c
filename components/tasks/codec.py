"""A kind and a task together, as callers meet them: what the kind reads, and what the task answers; light."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, WithJsonSchema, create_model

from components.tasks.labels import plain

if TYPE_CHECKING:
    from components.kinds.contract import Codec, Row, Score
    from components.kinds.upload import Shown, Upload
    from components.tasks.contract import Answers

Float32 = NDArray[np.float32]


def _is_none(value: object) -> bool:
    return value is None


ModelVersion = Annotated[str, Field(description="The registered version that gave this answer.")]
"""A field that every answer has."""
Warnings = Annotated[
    tuple[str, ...],
    Field(
        description="What is unusual about the example, a sentence each; left out where nothing is.",
        exclude_if=operator.not_,
    ),
]
"""Likewise; with `()` as its default."""
Unfamiliar = Annotated[
    bool | None,
    Field(
        description="Whether the example is like nothing that the model was trained on; left out where the model "
        "cannot tell. Of examples like those it was trained on at most the rate that the bundle states is flagged.",
        exclude_if=_is_none,
    ),
    WithJsonSchema({"type": "boolean"}),
]
"""Likewise, with None as its default."""
Rank = Annotated[
    float | None,
    Field(
        description="The part of the validation examples that are less unlike training than this one, 0 to 1.",
        exclude_if=_is_none,
    ),
    WithJsonSchema({"type": "number"}),
]
"""Likewise; 1 less the conformal p-value."""

_DIGITS = 2  # of a place's heat
_COLUMNS = 3
"""Outputs of an example that any task has enough of, to be asked what it tells of none."""


class TaskCodec:
    """What a caller sends <-> arrays, and outputs -> what a caller is answered."""

    def __init__(self, kind: "Codec", task: "Answers") -> None:
        self._kind, self._task = kind, task
        self.request, self.fields, self.rows = kind.request, kind.fields, kind.rows
        self.Reader, self.described, self.labelled = kind.Reader, kind.described, kind.labelled
        self.remembers = getattr(kind, "remembers", lambda _: False)  # a package of before has none
        self.key = getattr(kind, "key", lambda _: None)
        self.entities = getattr(kind, "entities", lambda _: ())
        self.none: Callable[[Any], str | None] = getattr(kind, "none", lambda _: None)
        """The label that says of an example that it is none of the classes; None: there is none."""
        self.encode = getattr(kind, "encode", None)
        """Makes a row of pixels, `[height, width, channels]`; None: rows are no pictures."""
        self.shown: Callable[[NDArray[Any], Any], Shown] | None = getattr(kind, "shown", None)
        """What a person is shown of an example, by the description of it; None: its record says it all."""
        self.upload: Callable[[Row], Upload] | None = getattr(kind, "upload", None)
        """What the file of a row is, that was sent; None: rows are no files."""
        self.Answer = task.Answer
        self.OUTPUT = task.OUTPUT
        self.decide, self.numbers, self.answers = task.decide, task.numbers, task.answers
        self.told, self.SURE = task.told, task.SURE
        self.RIGHT: str = getattr(task, "RIGHT", "held-out examples right")
        """What is counted of answers that `told` calls right."""
        self.label = getattr(task, "label", plain)  # likewise
        self.listed: Callable[[Float32, Sequence[str]], dict[str, list[list[str]]]] | None = getattr(
            task, "listed", None
        )
        """Of an answer that lists classes, their names by the column they are in; None: it names one class at most."""
        self.LISTS: tuple[str, ...] = getattr(task, "LISTS", ())
        """The names of these columns."""
        self.warns = kind.WARNS
        self.tells_heat: bool = getattr(kind, "HEAT", False) and getattr(task, "HEAT", False)
        """Whether a graph may tell which places of an example are unusual: that explains its answer."""
        self.Explained: type[BaseModel] | None = None
        if kind.Effect:
            self.Explained = _explained(task.Answer, kind.Effect)
        elif self.tells_heat:
            self.Explained = _heated(task.Answer)

    def number_names(self, decision: Mapping[str, Any]) -> list[str]:
        """Return the names of what `numbers` returns, whatever the outputs."""
        return list(self.numbers(np.zeros((0, _COLUMNS), dtype=np.float32), decision))

    @property
    def explains(self) -> bool:
        """Whether answers can be explained."""
        return self.Explained is not None

    def explain(
        self,
        score: "Score",
        examples: NDArray[Any],
        outputs: Float32,
        input: Mapping[str, Any],
        answers: Sequence[BaseModel],
    ) -> list[BaseModel]:
        """Return `answers` with what moved each of them, the strongest first.

        Args:
            score: runs the model, `[N, ...]` to `[N, K]`.
            examples: `[N, ...]`.
            outputs: `[N, K]`, what it makes of them.
            input: the bundle's description of one example.
            answers: to `examples`, in their order.
        """
        assert self.Explained is not None  # nobody is asked to explain where the kind does not
        assert self._kind.explain is not None
        columns = self._task.explained_column(outputs)

        def number(variants: NDArray[Any]) -> Float32:
            found = outputs if variants is examples else score(variants)
            chosen: Float32 = found[np.arange(len(found)), np.repeat(columns, len(found) // len(columns))]
            return chosen

        effects = self._kind.explain(number, examples, input)
        pairs = zip(answers, effects, strict=True)
        return [self.Explained(**dict(answer), explanation=list(found)) for answer, found in pairs]

    def heated(self, answers: Sequence[BaseModel], heat: Float32 | None) -> list[BaseModel]:
        """Return `answers` with how unusual each place of their examples is, `[N, h, w]`; None: it is not told."""
        assert self.Explained is not None
        maps = [[]] * len(answers) if heat is None else [_rounded(places) for places in heat]
        return [self.Explained(**dict(answer), heat=places) for answer, places in zip(answers, maps, strict=True)]


def _rounded(places: Float32) -> list[list[float]]:
    return [[round(value, _DIGITS) for value in row] for row in places.tolist()]


def _heated(answer: type[BaseModel]) -> type[BaseModel]:
    said = (
        "How unusual each place of the picture is, row by row from above, of the square in its middle that the model "
        "sees; the largest of an ordinary picture is about 1. Left out where the version does not tell."
    )
    field: Any = (list[list[float]], Field(default=[], description=said, exclude_if=operator.not_))
    return create_model("Explained", __base__=answer, __doc__="An answer, and where it is unusual.", heat=field)


def _explained(answer: type[BaseModel], effect: type[BaseModel]) -> type[BaseModel]:
    field = (list[effect], Field(description="Every feature, the strongest first."))  # type: ignore[valid-type]
    return create_model("Explained", __base__=answer, __doc__="An answer, and what moved it.", explanation=field)
