"""Rows -> answers, by the code of the endpoint; what cannot be read is told and left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from components.config.errors import BadRequest
from components.inference.bundle import Bundle
from components.inference.gateway.request.parser import sentence
from components.kinds import catalogue
from components.kinds.contract import Facts, Row
from components.scoring.source import Chunk

Errors = dict[int, str]
"""Why a row cannot be read, by its place in the chunk."""
Warnings = dict[int, tuple[str, ...]]
"""What is unusual about a row that is answered all the same, by its place in the chunk."""
Read = Callable[[Sequence[Row]], Facts]


@dataclass(frozen=True)
class Answers:
    """What the model says of the M rows that can be read, in their order."""

    chosen: NDArray[np.int64]
    """[M] classes that they are taken for."""
    probability: NDArray[np.float32]
    """[M] the number that the endpoint answers as `probability`."""
    probabilities: NDArray[np.float32]
    """[M, classes]"""


class Answerer:
    """Reads and answers rows as the endpoint does."""

    def __init__(self, bundle: Path) -> None:
        self._bundle = Bundle(bundle)
        about = self._bundle.about
        self._about, self._codec = about, catalogue.codec(about.kind)
        self._scoring = catalogue.scoring(about.kind)
        self._reader = self._codec.Reader(about.workload, about.input, about.serve, self._bundle.files, None)
        self._request: TypeAdapter[Any] = TypeAdapter(self._codec.request(about.input))

    def answer(self, chunk: Chunk) -> tuple[Answers, Errors, Warnings]:
        """Answer rows of which none depends on another."""
        rows, errors = self._valid(chunk)
        found = self._read(rows, errors, lambda some: {"examples": self._reader.read(some)})
        return self.model(found["examples"] if found else None), errors, self._warnings(rows, errors)

    def facts(self, chunk: Chunk) -> tuple[Facts | None, Errors, Warnings]:
        """Return what the past has to be told of the rows that can be read; None: of none."""
        rows, errors = self._valid(chunk)
        facts = self._read(rows, errors, lambda some: self._scoring.facts(some, self._about.input))
        return facts, errors, self._warnings(rows, errors)

    def model(self, examples: NDArray[Any] | None) -> Answers:
        """Answer examples `[M, ...]`; None: none."""
        shape = (0, len(self._about.classes))
        found = np.empty(shape, np.float32) if examples is None else self._bundle.probabilities(examples)
        chosen = self._codec.decide(found, self._about.decision)
        return Answers(chosen, self._scoring.probability(found, chosen), found)

    def _valid(self, chunk: Chunk) -> tuple[dict[int, Row], Errors]:
        """Return the rows that have the form of a request, by their place."""
        rows: dict[int, Row] = {}
        errors: Errors = {}
        for place, row in enumerate(chunk.rows(self._about.serve["max_bytes"])):
            if isinstance(row, str):
                errors[place] = row
                continue
            try:
                rows[place] = self._codec.rows(self._request.validate_python(row))[0]
            except ValidationError as error:
                errors[place] = sentence(error, behind=-1)
        return rows, errors

    def _warnings(self, rows: Mapping[int, Row], errors: Errors) -> Warnings:
        places = [place for place in rows if place not in errors]
        found = self._reader.warnings([rows[place] for place in places])
        return {places[index]: tuple(sentences) for index, sentences in found.items()}

    def _read(self, rows: dict[int, Row], errors: Errors, read: Read) -> Facts | None:
        """Return what `read` makes of the rows, together where all can be read, else one by one."""
        places, found = list(rows), []
        for start in range(0, len(places), self._scoring.TOGETHER):
            some = places[start : start + self._scoring.TOGETHER]
            try:
                found.append(read([rows[place] for place in some]))
            except BadRequest as error:
                if len(some) == 1:
                    errors[some[0]] = str(error)
                else:
                    found.extend(self._one_by_one(some, rows, errors, read))
        return together(found) if found else None

    def _one_by_one(self, places: Sequence[int], rows: Mapping[int, Row], errors: Errors, read: Read) -> list[Facts]:
        found = []
        for place in places:
            try:
                found.append(read([rows[place]]))
            except BadRequest as error:
                errors[place] = str(error)
        return found


def together(facts: Sequence[Facts]) -> Facts:
    """Return several facts as one."""
    return {name: np.concatenate([one[name] for one in facts]) for name in facts[0]}
