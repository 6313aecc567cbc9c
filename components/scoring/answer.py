"""Rows -> answers, by the code of the endpoint; what cannot be read is told and left out."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from components import catalogue
from components.config.errors import BadRequest
from components.inference.answering import Answering
from components.inference.bundle import Bundle
from components.inference.gateway.request.parser import sentence
from components.inference.golden import check_golden
from components.kinds.contract import Observations, Row
from components.scoring.logged import Logged, LoggedRows, Logging, logged
from components.scoring.source import Chunk

Errors = dict[int, str]
"""Why a row cannot be read, by its index in the chunk."""
Warnings = dict[int, tuple[str, ...]]
"""What is unusual about a row that is answered all the same, by its index in the chunk."""
Read = Callable[[Sequence[Row]], Observations]


@dataclass(frozen=True)
class Answers:
    """What the model says of the M rows that can be read, in their order."""

    chosen: NDArray[np.int64] | None
    """[M] classes that they are taken for; None: the task names none."""
    numbers: dict[str, NDArray[np.float32]]
    """[M] each, those of the endpoint's answer by its fields."""
    outputs: NDArray[np.float32]
    """[M, K]"""
    unfamiliar: NDArray[np.bool_] | None = None
    """[M], which of them are like nothing the model was trained on; None: it cannot tell."""
    ranks: NDArray[np.float64] | None = None
    """[M], the part of the validation examples that are less unlike training."""
    abstains: bool = False
    """Whether unfamiliar rows have no answer."""


class Answerer:
    """Reads and answers rows as the endpoint does."""

    def __init__(self, bundle: Path) -> None:
        self._bundle = Bundle(bundle)
        about = self._bundle.about
        self._about, self._codec = about, catalogue.codec(about.kind, about.task)
        self._answering = Answering(about)
        self._scoring = catalogue.scoring(about.kind)
        self._reader = self._codec.Reader(about.workload, about.input, about.serve, self._bundle.files, None)
        check_golden(self._bundle, self._reader)
        self._request: TypeAdapter[Any] = TypeAdapter(self._codec.request(about.input))

    def answer(self, chunk: Chunk, logging: Logging | None) -> tuple[Answers, Errors, Warnings, Logged | None]:
        """Answer rows of which none depends on another; `logging`: None, or how they are logged."""
        began = time.monotonic()
        rows, errors = self._valid(chunk)
        found = self._read(rows, errors, lambda some: {"examples": self._reader.read(some)})
        warnings = self._warnings(rows, errors)
        of_log = self._of_log(chunk, rows, errors, warnings, logging, began)
        answers, said = self.predict(found["examples"] if found else None, of_log)
        return answers, errors, warnings, said

    def observations(
        self, chunk: Chunk, logging: Logging | None
    ) -> tuple[Observations | None, Errors, Warnings, LoggedRows | None]:
        """Return what the memory observes of the rows that can be read; None: of none."""
        began = time.monotonic()
        rows, errors = self._valid(chunk)
        observations = self._read(rows, errors, lambda some: self._scoring.observations(some, self._about.input))
        warnings = self._warnings(rows, errors)
        of_log = self._of_log(chunk, rows, errors, warnings, logging, began)
        return observations, errors, warnings, of_log

    def predict(self, examples: NDArray[Any] | None, rows: LoggedRows | None) -> tuple[Answers, Logged | None]:
        """Answer examples `[M, ...]`; None: none. `rows`: what else the log has of them."""
        nothing, decision = self._bundle.nothing(1), self._about.decision
        found = self._bundle.scored(nothing if examples is None else examples)
        count, test = 0 if examples is None else len(examples), self._answering.test
        outputs = found.outputs[:count]
        answers = Answers(self._codec.decide(outputs, decision), self._codec.numbers(outputs, decision), outputs)
        if test is not None and found.unfamiliar is not None:
            told = found.unfamiliar[:count]
            abstains = self._answering.abstains
            answers = replace(answers, unfamiliar=test.flags(told), ranks=test.ranks(told), abstains=abstains)
        if examples is None or rows is None:
            return answers, None
        said = self._answering.answers(found, rows.version)
        for index, sentences in rows.warnings.items():
            cast("Any", said[index]).warnings = sentences
        return answers, logged(rows, examples, outputs, said)

    def _of_log(
        self,
        chunk: Chunk,
        rows: dict[int, Row],
        errors: Errors,
        warnings: Warnings,
        logging: Logging | None,
        began: float,
    ) -> LoggedRows | None:
        """Return what the log has of the rows that can be read beside what is answered."""
        if logging is None:
            return None
        indices = [index for index in rows if index not in errors]
        fields = self._codec.fields(self._about.input)
        uploaded = any(kind == "binary" for kind, _ in fields.values())
        records = [] if uploaded else [to_json(rows[index]) for index in indices]
        places = {index: place for place, index in enumerate(indices)}
        warned = {places[index]: sentences for index, sentences in warnings.items()}
        return LoggedRows(logging.version, f"{logging.run}-{chunk.start}", indices, records, warned, began)

    def _valid(self, chunk: Chunk) -> tuple[dict[int, Row], Errors]:
        """Return the rows that have the form of a request, by their index."""
        rows: dict[int, Row] = {}
        errors: Errors = {}
        for index, row in enumerate(chunk.rows(self._about.serve["max_bytes"])):
            if isinstance(row, str):
                errors[index] = row
                continue
            try:
                rows[index] = self._codec.rows(self._request.validate_python(row))[0]
            except ValidationError as error:
                errors[index] = sentence(error, behind=-1)
        return rows, errors

    def _warnings(self, rows: Mapping[int, Row], errors: Errors) -> Warnings:
        indices = [index for index in rows if index not in errors]
        found = self._reader.warnings([rows[index] for index in indices])
        return {indices[index]: tuple(sentences) for index, sentences in found.items()}

    def _read(self, rows: dict[int, Row], errors: Errors, read: Read) -> Observations | None:
        """Return what `read` makes of the rows, all at once where all can be read, else one by one."""
        indices, found = list(rows), []
        for start in range(0, len(indices), self._scoring.READ_ROWS):
            some = indices[start : start + self._scoring.READ_ROWS]
            try:
                found.append(read([rows[index] for index in some]))
            except BadRequest as error:
                if len(some) == 1:
                    errors[some[0]] = str(error)
                else:
                    found.extend(self._one_by_one(some, rows, errors, read))
        return concatenate(found) if found else None

    def _one_by_one(
        self, indices: Sequence[int], rows: Mapping[int, Row], errors: Errors, read: Read
    ) -> list[Observations]:
        found = []
        for index in indices:
            try:
                found.append(read([rows[index]]))
            except BadRequest as error:
                errors[index] = str(error)
        return found


def concatenate(observations: Sequence[Observations]) -> Observations:
    """Return several observations as one, in their order."""
    return {name: np.concatenate([columns[name] for columns in observations]) for name in observations[0]}
