"""Ask a live endpoint about held-out examples and hold its answers against the bundle it should be serving."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from components import catalogue
from components.config.errors import BadRequest, EndpointError
from components.inference.answering import Answering
from components.inference.bundle import Bundle
from components.inference.examples import spread
from components.inference.sample_requests import is_own, requests
from components.inference.smoke.client import START_TIMEOUT, running_endpoint
from components.kinds.prepared import PreparedData, label_name

_REMEMBERED = 3  # rows that stand on what the endpoint remembers alone
_TOLERANCE = 1e-5  # of a probability, which crosses as JSON; of a large number a part of it


@dataclass(frozen=True)
class Asked:
    """One held-out example and what the endpoint said of it."""

    index: int
    """Row of the test split."""
    actual: str
    answered: str
    sure: str
    measure: str
    """What `sure` is: `probability`, `interval` or `score`."""
    right: bool | None
    """None: nobody can say."""
    milliseconds: float
    counted: str = "held-out examples right"
    """What those are called that are right, as of a list those that hold what was taken."""


def check_endpoint(
    bento: str,
    bundle: Path,
    version: str,
    data: PreparedData,
    count: int = 10,
    start_timeout: float = START_TIMEOUT,
) -> list[Asked]:
    """Serve the Bento, ask it about some `count` examples of the test split, as many of each class, and end it.

    Of a kind that has rows which are answered by what an endpoint remembers, it is asked about some, too. Nothing is
    asked, and nothing returned, where the bundle takes other inputs than those of `data`. The endpoint has
    `start_timeout` seconds to get ready.

    Raises:
        EndpointError: it does not answer, answers for another version, or otherwise than the bundle does.
    """
    reference, labels = Bundle(bundle), data.labels("test")
    indices = spread(np.asarray(labels), count)
    rows = requests(reference.about, data, indices)
    answers = None if rows is None else _expected(reference, data, indices, rows, version)
    if rows is None or answers is None:
        return []
    asked, counted = [], catalogue.codec(reference.about.kind, reference.about.task).RIGHT
    with running_endpoint(bento, start_timeout) as endpoint:
        for index, request, expected in zip(indices, rows, answers, strict=True):
            began = time.perf_counter()
            answer = endpoint.ask(request)
            milliseconds = (time.perf_counter() - began) * 1e3
            if answer["model_version"] != version:
                raise EndpointError(f"{bento} answers for version {answer['model_version']}, not {version}")
            if not _same(answer, expected):
                raise EndpointError(f"{bento} answers otherwise than its bundle: {answer} against {expected}")
            asked.append(Asked(index, *_told(answer, reference, data, labels[index]), milliseconds, counted))
        for request, expected in _remembered(reference, version):
            if not _same(answer := endpoint.ask(request), expected):
                raise EndpointError(f"{bento} remembers otherwise than its bundle: {answer} against {expected}")
    return asked


def _told(
    answer: dict[str, Any], bundle: Bundle, data: PreparedData, label: Any
) -> tuple[str, str, str, str, bool | None]:
    """Return what the example is, what was answered, how surely and by what measure, and whether it is right."""
    codec, actual = catalogue.codec(bundle.about.kind, bundle.about.task), label_name(data, label)
    if answer.get("abstains"):
        return actual, "abstains", "", codec.SURE, None
    said, sure, right = codec.told(answer, actual if data.classes else float(label))
    return actual, said, sure, codec.SURE, right


def _expected(
    bundle: Bundle, data: PreparedData, indices: list[int], rows: list[dict[str, Any]], version: str
) -> list[dict[str, Any]] | None:
    """Return what the endpoint has to answer; None: its reader does not take the rows.

    Of the bundle's own data the examples are those of training. Of other data they are what its reader makes of the
    rows, one after the other: what it remembers ends with its own data.
    """
    about = bundle.about
    try:
        inputs = data.inputs("test")[indices] if is_own(about, data) else _read(bundle, rows)
    except BadRequest:
        return None
    answers = Answering(about).answers(bundle.scored(inputs), version)
    return [answer.model_dump(mode="json") for answer in answers]


def _remembered(bundle: Bundle, version: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return rows that stand on what the endpoint remembers alone, and what it has to answer."""
    about, codec = bundle.about, catalogue.codec(bundle.about.kind, bundle.about.task)
    make = catalogue.remembered(about.kind)
    if not make or not (rows := make(bundle.files, about.input, _REMEMBERED)):
        return []
    reader = codec.Reader(about.workload, about.input, about.serve, bundle.files, None)
    answers = Answering(about).answers(bundle.scored(reader.read(rows)), version)
    return [(row, answer.model_dump(mode="json")) for row, answer in zip(rows, answers, strict=True)]


def _read(bundle: Bundle, rows: list[dict[str, Any]]) -> NDArray[Any]:
    """Return `[N, ...]` as an endpoint with a memory of its own reads the rows.

    Raises:
        BadRequest: a row cannot be read.
    """
    about, codec = bundle.about, catalogue.codec(bundle.about.kind, bundle.about.task)
    taken = TypeAdapter(codec.request(about.input))
    with tempfile.TemporaryDirectory() as folder:
        memory = f"sqlite:///{folder}/memory.db"
        reader = codec.Reader(about.workload, about.input, about.serve, bundle.files, memory)
        try:
            return np.concatenate([reader.read(codec.rows(taken.validate_python(row))) for row in rows])
        finally:
            reader.close()


def _same(answer: Any, expected: Any) -> bool:
    """Whether both say the same, their numbers to within the tolerance."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(_same(answer.get(key), value) for key, value in expected.items())
    if isinstance(expected, float):
        return isinstance(answer, float | int) and abs(answer - expected) <= _TOLERANCE * max(1.0, abs(expected))
    return bool(answer == expected)
