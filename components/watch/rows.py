"""The rows of one version, gathered by day: counts of its columns, and a sample of its outputs with their labels."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.inference.bundle import About
from components.watch.columns import columns
from components.watch.statistics.drift import Day, Reference
from components.watch.statistics.drift.day import together
from components.watch.strange import Strange, strange, strangest

CALLER = "caller"
NEEDED = (
    "id", "time", "version", "origin", "seconds", "share", "outputs", "example", "example_type", "hashes", "key",
    "request_id", "row",
)  # fmt: skip
"""Columns of the log."""
_SAMPLE = 2_000  # outputs of a day that are kept


@dataclass(frozen=True)
class LabelledRow:
    """An answer whose label has come."""

    day: date
    outputs: NDArray[np.float32]
    label: float
    """An index of a class, or the number."""
    share: float
    """The probability with which it was kept and its label asked for."""


@dataclass
class VersionDay:
    """One day of one version."""

    rows: int = 0
    """Of callers."""
    aside: int = 0
    """Of the page and of the flow's own questions, which count for nothing else."""
    kept: float = 0.0
    """The rows that these stand for, those that sampling left out included."""
    seconds: list[float] = field(default_factory=list)
    counted: list[Day] = field(default_factory=list)
    """The counts of its columns, in parts."""
    outputs: list[NDArray[np.float32]] = field(default_factory=list)
    """A sample."""
    sampled: int = 0
    strange: list[Strange] = field(default_factory=list)
    """The strangest."""


@dataclass
class VersionRows:
    """All days of one version."""

    days: dict[date, VersionDay] = field(default_factory=dict)
    labelled: list[LabelledRow] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None
    unknown: int = 0
    """Labels that are none of this version's classes."""


class Labels:
    """The labels that came, by what they name their rows with; the last one of a row counts."""

    def __init__(self, table: pa.Table) -> None:
        self._by: dict[tuple[str, str], dict[str, Any]] = {}
        self.total = len(table)
        for label in table.to_pylist():
            self._by[_name(label)] = label
        self._met: set[tuple[str, str]] = set()

    def of(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the label of a row of the log; None: none has come."""
        found = None
        for name in (("id", row["id"]), ("key", row["key"]), ("request", f"{row['request_id']}/{row['row']}")):
            if name[1] is not None and (label := self._by.get(name)) is not None:
                self._met.add(name)
                if found is None or label["recorded"] > found["recorded"]:
                    found = label
        return found

    @property
    def unmatched(self) -> int:
        """How many name no row that was looked at."""
        return len(self._by) - len(self._met)

    def __bool__(self) -> bool:
        return bool(self._by)


def gather(
    batches: Iterable[pa.RecordBatch], labels: Labels, about: Mapping[str, About], known: Mapping[str, Reference]
) -> dict[str, VersionRows]:
    """Return the rows by version.

    Args:
        batches: of the log, with the columns `NEEDED`.
        labels: that have come.
        about: the bundle's description of each version; of others rows are counted, and nothing else.
        known: the reference of each version that has one.
    """
    found: dict[str, VersionRows] = {}
    for batch in batches:
        for version, day, rows in _parts(batch):
            _take(found.setdefault(version, VersionRows()), day, rows, labels, about.get(version), known.get(version))
    return found


def _parts(batch: pa.RecordBatch) -> Iterator[tuple[str, date, list[dict[str, Any]]]]:
    """Yield the rows of each version on each day."""
    parts: dict[tuple[str, date], list[dict[str, Any]]] = {}
    for row in batch.to_pylist():
        parts.setdefault((row["version"], row["time"].date()), []).append(row)
    for (version, day), rows in parts.items():
        yield version, day, rows


def _take(
    found: VersionRows,
    day: date,
    rows: list[dict[str, Any]],
    labels: Labels,
    about: About | None,
    known: Reference | None,
) -> None:
    of_day = found.days.setdefault(day, VersionDay())
    callers = [row for row in rows if row["origin"] == CALLER]
    of_day.aside += len(rows) - len(callers)
    for row in rows:
        if row["origin"] != CALLER and labels:
            labels.of(row)  # it names a row, though one that counts for nothing
    if not callers:
        return
    times = [row["time"] for row in callers]
    found.first = min([*times, *([found.first] if found.first else [])])
    found.last = max([*times, *([found.last] if found.last else [])])
    of_day.rows += len(callers)
    of_day.kept += sum(1 / row["share"] for row in callers)
    of_day.seconds += [row["seconds"] for row in callers]
    if about is None:
        return
    outputs = np.array([row["outputs"] for row in callers], dtype=np.float32)
    _label(found, day, callers, outputs, labels, about)
    room = _SAMPLE - of_day.sampled
    if room > 0:
        of_day.outputs.append(outputs[:room])
        of_day.sampled += len(outputs[:room])
    if known is not None:
        described = columns(about, _examples(callers), outputs)
        of_day.counted.append(known.count(described, _entities(callers)))
        of_day.counted = [together(of_day.counted)]
        of_day.strange = strangest([*of_day.strange, *strange(known, described, [row["id"] for row in callers])])


def _label(
    found: VersionRows,
    day: date,
    rows: list[dict[str, Any]],
    outputs: NDArray[np.float32],
    labels: Labels,
    about: About,
) -> None:
    if not labels:
        return
    for row, output in zip(rows, outputs, strict=True):
        if (label := labels.of(row)) is None:
            continue
        value = label_value(json.loads(label["value"]), about)
        if value is None:
            found.unknown += 1
        else:
            found.labelled.append(LabelledRow(day, output, value, row["share"] * (label["share"] or 1.0)))


def label_value(value: Any, about: About) -> float | None:
    """Return the label as an index of a class, or as a number; None: it is none of the version's."""
    if not about.classes:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if isinstance(value, bool) and len(about.classes) == 2:
        return float(value)
    return float(about.classes.index(str(value))) if str(value) in about.classes else None


def _examples(rows: list[dict[str, Any]]) -> NDArray[Any]:
    kind = rows[0]["example_type"]
    dtype, _, shape = kind.partition("[")
    sizes = [int(size) for size in shape.rstrip("]").split(",") if size.strip()]
    joined = b"".join(row["example"] for row in rows)
    return np.frombuffer(joined, dtype=np.dtype(dtype)).reshape(len(rows), *sizes)


def _entities(rows: list[dict[str, Any]]) -> NDArray[np.uint64] | None:
    """Return the first entity of each row, `[N]`; None: rows have none."""
    found = [row["hashes"][1] if len(row["hashes"]) > 1 else row["hashes"][0] for row in rows]
    if all(len(row["hashes"]) < 2 for row in rows):
        return None
    return np.frombuffer(b"".join(found), dtype=np.uint64)


def _name(label: Mapping[str, Any]) -> tuple[str, str]:
    if label["event_id"] is not None:
        return "id", label["event_id"]
    if label["key"] is not None:
        return "key", label["key"]
    return "request", f"{label['request_id']}/{label['row']}"
