"""What one day's answers of a version come to, in bounded memory: counts, and a sample of outputs.

It is the same in whatever order the rows come, and in whatever parts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components import catalogue
from components.inference.bundle import About
from components.watch.active import expected_loss
from components.watch.arrow import examples, hashes, matrix, parts, texts
from components.watch.bundles import Bundle
from components.watch.columns import columns
from components.watch.labelled import LabelledDay
from components.watch.quality import expected_of_day
from components.watch.report import EmbeddingDrift, Estimate
from components.watch.statistics.active_inference import Sums, expected_sums
from components.watch.statistics.drift import Day, Reference
from components.watch.statistics.quantiles import SECONDS
from components.watch.strange import Strange, strange, strangest
from components.watch.uploads import Uploads

CALLER = "caller"
_TELLS = '"unfamiliar":'  # within a text of JSON its quotes would be escaped
IS_UNFAMILIAR = _TELLS + "true"
"""What an answer as JSON has in it that was given to an example like nothing in training."""
NEEDED = (
    "id", "time", "version", "origin", "seconds", "share", "answer", "outputs", "example", "example_type", "hashes",
)  # fmt: skip
"""Columns of the log."""
UPLOADED = (*NEEDED, "record")
"""Where rows are files: what each was stands in their record."""
SAMPLE = 2_000
"""Outputs by which the expected metric of a day is told."""


@dataclass
class VersionDay:
    """One day of one version."""

    rows: int = 0
    """Of callers."""
    aside: int = 0
    """Of the page and of the flow's own questions, which count for nothing else."""
    shares: Mapping[float, int] = field(default_factory=dict)
    """How many rows were kept with which probability."""
    first: datetime | None = None
    last: datetime | None = None
    seconds: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SECONDS.bins, dtype=np.int64))
    """What the answers took, by bins; see `statistics/quantiles.py`."""
    told: int = 0
    """Rows whose answer says whether the example is unfamiliar."""
    unfamiliar: int = 0
    """Of them those that are."""
    counted: Day | None = None
    """The counts of its columns."""
    expected: Estimate | None = None
    """What its deciding metric is expected to be, by a sample of its outputs."""
    sums: Sums = field(default_factory=Sums)
    """Of the expected losses of its rows."""
    strange: list[Strange] = field(default_factory=list)
    """The strangest."""
    uploads: Uploads | None = None
    """The files that were sent; None: rows are no files."""
    embedding: EmbeddingDrift | None = None
    """How far the embeddings of a few of its rows are from those of validation; None: it is not over, or not known."""
    embedded: Day | None = None
    """The counts of these embeddings along the axes of the reference."""

    @property
    def kept(self) -> float:
        """The part of its rows that is in the log."""
        stand_for = sum(count / share for share, count in sorted(self.shares.items()))
        return self.rows / stand_for if stand_for else 1.0


@dataclass
class VersionRows:
    """All days of one version."""

    days: dict[date, VersionDay] = field(default_factory=dict)
    labelled: dict[date, LabelledDay] = field(default_factory=dict)
    """Days that have labels."""

    @property
    def share(self) -> float:
        """The smallest probability with which the log kept a row."""
        return min((share for day in self.days.values() for share in day.shares), default=1.0)

    @property
    def first(self) -> datetime | None:
        """When it first answered a caller."""
        return min((day.first for day in self.days.values() if day.first), default=None)

    @property
    def last(self) -> datetime | None:
        """When it last answered a caller."""
        return max((day.last for day in self.days.values() if day.last), default=None)


def gather(batches: Iterable[pa.RecordBatch], bundles: Mapping[str, Bundle]) -> dict[str, VersionDay]:
    """Return what the rows of a day come to, by version.

    Args:
        batches: of the log, with the columns `NEEDED`, where rows are files `UPLOADED`.
        bundles: of the versions.
    """
    found: dict[str, _Gathering] = {}
    for batch in batches:
        for version, rows in parts(batch, "version"):
            found.setdefault(version, _Gathering(bundles[version])).take(rows)
    return {version: each.day() for version, each in found.items()}


class _Gathering:
    """The rows of one version and day so far."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._rows = self._aside = self._told = self._unfamiliar = 0
        self._shares: Counter[float] = Counter()
        self._times = (2**63 - 1, 0)  # microseconds, the first and the last
        self._seconds = np.zeros(SECONDS.bins, dtype=np.int64)
        self._counts: NDArray[np.int64] | None = None
        self._entities: list[NDArray[np.uint64]] = []
        self._named = False
        self._sample: tuple[NDArray[np.uint64], NDArray[np.float32]] | None = None
        self._strange: list[Strange] = []
        self._sums = Sums()
        about = bundle.about
        is_uploaded = about is not None and catalogue.codec(about.kind, about.task).upload is not None
        self._uploads = Uploads() if is_uploaded else None

    def take(self, rows: pa.RecordBatch) -> None:
        """Take in more of its rows."""
        callers = rows.filter(pc.equal(texts(rows["origin"]), CALLER))
        self._aside += len(rows) - len(callers)
        if not len(callers):
            return
        self._rows += len(callers)
        times = pc.cast(callers["time"], pa.int64()).to_numpy()
        self._times = (min(self._times[0], int(times.min())), max(self._times[1], int(times.max())))
        shares, counts = np.unique(callers["share"].to_numpy(), return_counts=True)
        self._shares.update(dict(zip(shares.tolist(), counts.tolist(), strict=True)))
        self._seconds += SECONDS.count(callers["seconds"].to_numpy())
        self._told += _with(callers["answer"], _TELLS)
        self._unfamiliar += _with(callers["answer"], IS_UNFAMILIAR)
        about, reference = self._bundle.about, self._bundle.reference
        if about is not None and self._uploads is not None:
            self._uploads.take(callers["record"], about.input)
        if about is None or reference is None:
            return
        outputs = matrix(callers["outputs"])
        if (loss := expected_loss(self._bundle, outputs)) is not None:
            self._sums += expected_sums(loss)
        self._choose(hashes(callers["hashes"], 0)[0], outputs)
        self._count(callers, outputs, about, reference)

    def _choose(self, order: NDArray[np.uint64], outputs: NDArray[np.float32]) -> None:
        """Keep those whose event has the smallest hash, which has nothing to do with what was answered."""
        if self._sample is not None:
            order = np.concatenate([self._sample[0], order])
            outputs = np.concatenate([self._sample[1], outputs])
        first = np.argsort(order, kind="stable")[:SAMPLE]
        self._sample = order[first], outputs[first]

    def _count(self, rows: pa.RecordBatch, outputs: NDArray[np.float32], about: About, reference: Reference) -> None:
        kinds = texts(rows["example_type"])
        for kind in kinds.unique().to_pylist():
            which = pc.equal(kinds, kind)
            some = rows.filter(which)
            described = columns(about, examples(some["example"], kind), outputs[which.to_numpy(zero_copy_only=False)])
            counts = reference.count(described).counts
            self._counts = counts if self._counts is None else self._counts + counts
            self._strange = strangest([*self._strange, *strange(reference, described, some["id"])])
        entities, named = hashes(rows["hashes"], 1)
        self._named |= bool(named.any())
        self._entities.append(entities)

    def day(self) -> VersionDay:
        """Return what they come to."""
        none: Any = np.empty(0, dtype=np.uint64)
        counted = None
        if self._counts is not None:
            entities = np.unique(np.concatenate(self._entities), return_counts=True) if self._named else (none, none)
            counted = Day(self._counts, self._rows, entities[0], entities[1].astype(np.int64))
        found = VersionDay(self._rows, self._aside, dict(self._shares), seconds=self._seconds, counted=counted)
        found.strange, found.sums = self._strange, self._sums
        found.uploads = self._uploads
        found.told, found.unfamiliar = self._told, self._unfamiliar
        if self._rows:
            found.first, found.last = map(_moment, self._times)
        if self._sample is not None:
            found.expected = expected_of_day(self._bundle, self._sample[1])
        return found


def _with(answers: pa.Array, text: str) -> int:
    """Return how many answers, as JSON, have the text in them."""
    return pc.sum(pc.match_substring(answers, text)).as_py() or 0


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
