"""A small bundle with a reference, and a log of what it answered: two features, two classes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.inference.bundle import SERVING, About, new_bundle, read_about
from components.inference.reference import ReferenceArrays, write_reference
from components.kinds.slices import SliceRule
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered, Label, Origin
from components.prediction_log.writer import Writer
from components.watch.columns import columns
from components.watch.statistics.drift import fit_reference, packed
from tests.unit.small_data import TABLE

FIRST = datetime(2026, 11, 2, 12, tzinfo=UTC)
CLASSES = ("a", "b")
_IDS = EventIds()
Float32 = NDArray[np.float32]


def answers(count: int, random: np.random.Generator, moved: float = 0.0, sure: float = 0.9) -> tuple[Float32, Float32]:
    """Examples, and what a model makes of them that is right in nine of ten, and knows it."""
    examples = np.column_stack([random.normal(moved, 1, count), random.integers(0, 3, count)]).astype(np.float32)
    likely = np.where(random.random(count) < 0.5, sure, 1 - sure)
    return examples, np.column_stack([1 - likely, likely]).astype(np.float32)


def truth(outputs: Float32, random: np.random.Generator, right: float = 0.9) -> NDArray[np.int64]:
    wrong = random.random(len(outputs)) >= right
    return np.where(wrong, outputs.argmin(axis=1), outputs.argmax(axis=1))


def make_bundle(
    path: Path, reference: bool = True, rows: int = 3_000, decision: dict[str, Any] | None = None, plans: bool = False
) -> Path:
    """Write a bundle of a table's classification, with what it was validated on; of under 100 rows at no cost.

    With `plans` half of that was of the plan `big`, half of `small`, by which quality is told.
    """
    said: dict[str, Any] = {
        "workload": "w",
        "kind": "table",
        "task": "classification",
        "classes": CLASSES,
        "input": TABLE,
        "decision": decision or {},
    }
    random = np.random.default_rng(1)
    with new_bundle(path, **said) as draft:
        (draft / "model.onnx").write_bytes(b"a graph, which nobody runs here")
        if reference:
            examples, outputs = answers(rows, random)
            drift = packed(fit_reference(columns(About(format=1, model_sha256="", **said), examples, outputs)))
            labels = truth(outputs, random)
            embedding = np.zeros((1, 1), dtype=np.float16)
            sliced = (np.arange(rows)[:, np.newaxis] % 2, (SliceRule("plan", ("big", "small")),)) if plans else ()
            write_reference(draft / SERVING, ReferenceArrays(drift, outputs, labels, None, embedding, rows, 0, *sliced))
    assert read_about(path).workload == "w"
    return path


@dataclass
class AtWork:
    """An endpoint's log, day by day."""

    folder: Path
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __post_init__(self) -> None:
        describe(self.folder, Description(workload="w", kind="table", task="classification"))
        self.writer = Writer.open(self.folder)

    def day(
        self,
        number: int,
        rows: int = 400,
        moved: float = 0.0,
        right: float = 0.9,
        labelled: float = 0.5,
        version: str = "1",
        origin: Origin = "caller",
        sure: float = 0.9,
        asked: bool = False,
        unfamiliar: int | None = None,
        record: bytes = b"{}",
    ) -> list[str]:
        """Answer on that day, from 0, and label a part an hour later, which was asked for or not; return the ids.

        So many of the first rows are said to be unfamiliar, where the model can tell.
        """
        examples, outputs = answers(rows, self.random, moved, sure)
        labels, moment = truth(outputs, self.random, right), FIRST + timedelta(days=number)
        time = int(moment.timestamp() * 1e6)
        identity = _IDS.new()
        said = [b'{"label":"%s"}' % CLASSES[best].encode() for best in outputs.argmax(axis=1)]
        if unfamiliar is not None:
            flags = [b"true" if row < unfamiliar else b"false" for row in range(rows)]
            said = [b'%s,"unfamiliar":%s}' % (answer[:-1], flag) for answer, flag in zip(said, flags, strict=True)]
        self.writer.answered(
            Answered(
                identity, time, 0.01, version, f"r{number}", outputs, examples, said, [record] * rows, origin=origin
            )
        )
        ids = [as_text(identity + row) for row in range(rows)]
        told = np.flatnonzero(self.random.random(rows) < labelled)
        self.label([ids[row] for row in told], [CLASSES[labels[row]] for row in told], moment + timedelta(hours=1),
                   labelled if asked else None)  # fmt: skip
        return ids

    def label(self, ids: Sequence[str], values: Sequence[str], recorded: datetime, share: float | None = None) -> None:
        """Tell labels, each of which was asked for with the probability `share`."""
        moment = int(recorded.timestamp() * 1e6)
        if ids:
            told = zip(ids, values, strict=True)
            self.writer.labelled([Label(value, moment, event_id=name, share=share) for name, value in told])

    def log(self) -> Log:
        """Open what is there so far."""
        return Log.open(self.folder)
