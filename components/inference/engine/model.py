"""A model at work: one registered version, verified, warmed up and measured, with the codec that reads for it."""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components import catalogue
from components.config.errors import BundleError
from components.inference.answering import Answering
from components.inference.bundle import Bundle, Scored, read_about
from components.inference.device import Device, Provider
from components.inference.examples import read_examples
from components.inference.golden import check_golden
from components.inference.reference import read_reference
from components.kinds.deciding import COSTS

if TYPE_CHECKING:
    import onnxruntime

    from components.kinds.contract import Row
    from components.kinds.labels import Label

logger = logging.getLogger(__name__)

CARD = "card.json"
"""What the registry says of the version, beside the bundle; it may not be there."""
CARD_PAGE = "card.html"
"""The same as a page for a person."""
CARD_TEXT = "card.md"
"""The same as Markdown."""

_REMARKS = {
    ("cuda", "int8"): "; what is in int8 computes in float32 there",
    ("cpu", "float16"): "; what is in float16 computes in float32 there, no faster: serve.precision is for a GPU",
}
"""What to say of the precision of a model, by provider."""
_BINARY = 2  # classes of which the second is positive
_PAYS = 0.8  # of an example's time alone: what it may take in a batch for batching to be worth while
_ABOUT = 1.1  # times the least that is about as little
_PATIENCE = 0.05  # seconds that the largest batch may hold up whoever comes next
_MEASURING = 0.02  # seconds that each size is measured for, two runs at least


@dataclass(frozen=True)
class Pace:
    """How fast a model is here, seconds; the least of several runs, so that a busy machine hardly shows."""

    single: float
    """One example by itself."""
    batch: int
    """How many examples to run at once where there are so many: 1 where it would not pay."""
    batched: float
    """One example of such a batch."""


class Model:
    """One registered version that is ready to answer. Its threads may share it."""

    def __init__(self, bundle: Bundle, version: str, memory: str | None) -> None:
        """Open the bundle's reader, run the model once and measure it; see `open`."""
        self.version = version
        self.about = bundle.about
        self.codec = catalogue.codec(self.about.kind, self.about.task)
        self._answering = Answering(self.about)
        self.card = _card(bundle.path)
        self.card_page = _card_page(bundle.path)
        self.examples = read_examples(bundle.path)
        self._bundle = bundle
        about = self.about
        if not check_golden(bundle, self.codec.Reader(about.workload, about.input, about.serve, bundle.files, None)):
            logger.info(
                "%s: version %s is from before golden rows: nothing checks its answers", about.workload, version
            )
        self._reader = self.codec.Reader(about.workload, about.input, about.serve, bundle.files, memory)
        self.batched_reads: bool = self._reader.batched_reads
        """Whether many rows are read much faster at once than one by one."""
        self.provider: Provider = bundle.provider
        """By what the graph is run."""
        remark = _REMARKS.get((self.provider, str(about.serve.get("precision"))), "")
        logger.info("%s: version %s runs on %s%s", about.workload, version, self.provider, remark)
        bundle.choose_way()
        self.pace = _pace(bundle)

    @classmethod
    def open(cls, path: Path, version: str, memory: str | None, device: Device | None = "cpu") -> Self:
        """Open the bundle at `path` as the registered version `version`.

        Args:
            path: the bundle's directory, with `card.json` in it if the registry wrote one.
            version: what its answers call themselves.
            memory: where its reader remembers, an SQLAlchemy address; None: callers send what would be remembered.
            device: where its graph runs; None: as the bundle says (`serve.device`).

        Raises:
            BundleError: a file is missing, or is not what its hash says, its card is no JSON object, or its golden rows
                are answered or read otherwise here.
            EndpointError: the memory does not answer, or the device is not there.
        """
        return cls(Bundle(path, device or read_about(path).serve.get("device", "auto")), version, memory)

    def is_cheap(self, rows: "Sequence[Row]") -> bool:
        """Whether `read` of these rows takes well under a millisecond and waits for nobody."""
        return self._reader.is_cheap(rows)

    def read(self, rows: "Sequence[Row]") -> NDArray[Any]:
        """Return the examples `[N, ...]` of `rows`.

        Raises:
            BadRequest: a row cannot be read.
            EndpointError: the memory does not answer.
        """
        return self._reader.read(rows)

    def outputs(self, examples: NDArray[Any], run: "onnxruntime.RunOptions | None" = None) -> NDArray[np.float32]:
        """Return `[N, K]` of examples `[N, ...]`; `run.terminate = True` from elsewhere ends it with an error."""
        return self._bundle.outputs(examples, run)

    def scored(self, examples: NDArray[Any], run: "onnxruntime.RunOptions | None" = None) -> Scored:
        """Return that, and how unlike training each is."""
        return self._bundle.scored(examples, run)

    def answers(self, found: Scored) -> Sequence[BaseModel]:
        """Return the answers to N examples."""
        return self._answering.answers(found, self.version)

    def explained(
        self,
        examples: NDArray[Any],
        found: Scored,
        score: Callable[[NDArray[Any]], NDArray[np.float32]],
    ) -> Sequence[BaseModel]:
        """Return the answers to `examples` with what moved each, or where it is unusual; `score` runs the model."""
        about, outputs = self.about, found.outputs
        answers = self.codec.answers(outputs, about.classes, about.decision, self.version)
        if self.codec.tells_heat:
            return self._answering.marked(self.codec.heated(answers, self._bundle.heat(examples)), found, self.version)
        explained = self.codec.explain(score, examples, outputs, about.input, answers)
        return self._answering.marked(explained, found, self.version)

    def warn(self, rows: "Sequence[Row]", answers: Sequence[BaseModel]) -> None:
        """Add to each answer what is unusual about its row, if anything is."""
        for index, said in self._reader.warnings(rows).items():
            cast("Any", answers[index]).warnings = tuple(said)

    @property
    def remembers(self) -> bool:
        """Whether labels are kept for rows to come, by the caller's own id of each."""
        return self.codec.remembers(self.about.input) and self.codec.key(self.about.input) is not None

    def record_labels(self, labels: "Sequence[Label]", values: Sequence[str | float]) -> int:
        """Have the memory take what became of rows, `values` as the task has them; return how many it knows."""
        key, classes = self.codec.key(self.about.input), self.about.classes
        index = {name: place for place, name in enumerate(classes)} if len(classes) == _BINARY else {}
        told = zip(labels, values, strict=True)
        rows = [{key: label.own, "label": index.get(str(value), -1)} for label, value in told if key and label.own]
        return self._reader.record_labels(rows) if rows else 0

    def losses(self, outputs: NDArray[np.float32], labels: Sequence[float]) -> NDArray[np.float64] | None:
        """Return how wrong each of N answers is by its label, 0 to 1.

        None: its task does not say, or has no reference, or one mistake costs more than another.

        Args:
            outputs: `[N, K]`.
            labels: `[N]`, see `label_value`.
        """
        about = self.about
        live, validated = catalogue.live(about.kind, about.task), self._validated
        if live is None or validated is None or COSTS in about.decision:
            return None
        told = np.array(labels, dtype=np.int64 if about.classes else np.float64)
        rates = live.rates(outputs, told, about.decision, validated).values()
        return next((rate.losses for rate in rates if rate.counted.all()), None)

    @cached_property
    def _validated(self) -> NDArray[np.float32] | None:
        reference = read_reference(self._bundle.files)
        return None if reference is None else reference.outputs

    def close(self) -> None:
        """Let go of the memory."""
        self._reader.close()


def _card(path: Path) -> Mapping[str, Any]:
    try:
        card = json.loads((path / CARD).read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BundleError(f"{path / CARD}: not JSON: {error}") from error
    if not isinstance(card, dict):
        raise BundleError(f"{path / CARD}: not a JSON object")
    return card


def _card_page(path: Path) -> bytes | None:
    page = path / CARD_PAGE
    return page.read_bytes() if page.is_file() else None


def _pace(bundle: Bundle) -> Pace:
    """Run the model on nothing in several sizes; the first run is not counted."""
    bundle.outputs(bundle.nothing(1))
    single, each = _seconds(bundle, 1), dict[int, float]()
    for size in bundle.runner.sizes if bundle.takes_many else ():
        if (seconds := _seconds(bundle, size)) > _PATIENCE:
            break
        each[size] = seconds / size
    bundle.runner.met(each)
    least = min(each.values(), default=single)
    best = next((size for size in each if each[size] <= _ABOUT * least), 1)  # the smallest of about equals
    if best == 1 or each[best] > _PAYS * single:
        return Pace(single, 1, single)
    return Pace(single, best, each[best])


def _seconds(bundle: Bundle, count: int) -> float:
    examples, least, given_up = bundle.nothing(count), float("inf"), time.perf_counter() + _MEASURING
    for runs in range(50):
        began = time.perf_counter()
        bundle.outputs(examples)
        least = min(least, time.perf_counter() - began)
        if runs and time.perf_counter() > given_up:
            break
    return least
