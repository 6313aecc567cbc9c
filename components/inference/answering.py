"""What a caller is answered: the task's answer, whether the example is unfamiliar, or that the model abstains."""

from collections.abc import Sequence
from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from components import catalogue
from components.inference.bundle import About, Scored
from components.inference.unfamiliar import UNFAMILIAR, UnfamiliarTest
from components.tasks.codec import ModelVersion, Rank, Unfamiliar, Warnings

RANK = "unfamiliar_rank"
"""The field of an answer with the part of validation that is less unlike training."""


class Abstention(BaseModel):
    """What is answered instead where a bundle abstains."""

    abstains: Literal[True] = Field(
        default=True, description="There is no answer: the example is like nothing that the model was trained on."
    )
    model_version: ModelVersion
    warnings: Warnings = ()
    unfamiliar: Unfamiliar = True
    unfamiliar_rank: Rank = None


class Answering:
    """Makes the answers of one bundle."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._codec = catalogue.codec(about.kind, about.task)
        known = UNFAMILIAR in self._codec.Answer.model_fields  # a task of a package may know nothing of it
        self.test = UnfamiliarTest.of(about.decision) if known else None
        self.abstains = self.test is not None and bool(about.serve.get("abstain"))

    @property
    def types(self) -> tuple[type[BaseModel], ...]:
        """What an answer may be."""
        return (self._codec.Answer, Abstention) if self.abstains else (self._codec.Answer,)

    def answers(self, found: Scored, version: str) -> Sequence[BaseModel]:
        """Return an answer for each of N examples, in their order; `version` is what the model calls itself."""
        about = self._about
        return self.marked(self._codec.answers(found.outputs, about.classes, about.decision, version), found, version)

    def marked(self, answers: Sequence[BaseModel], found: Scored, version: str) -> Sequence[BaseModel]:
        """Return the answers with whether each example is unfamiliar; where the bundle abstains, it does there."""
        if self.test is None or found.unfamiliar is None:
            return answers
        flags, ranks = self.test.flags(found.unfamiliar).tolist(), self.test.ranks(found.unfamiliar).tolist()
        for answer, flag, rank in zip(cast("Sequence[Any]", answers), flags, ranks, strict=True):
            answer.unfamiliar, answer.unfamiliar_rank = flag, rank
        if not self.abstains:
            return answers
        return [
            Abstention(model_version=version, unfamiliar_rank=rank) if flag else answer
            for answer, flag, rank in zip(answers, flags, ranks, strict=True)
        ]
