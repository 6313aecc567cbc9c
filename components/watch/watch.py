"""What log and bundles say of a workload at work up to some moment."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from components import catalogue
from components.config.errors import DataError, JourneymanError
from components.inference.bundle import SERVING, About, read_about
from components.inference.reference import ReferenceArrays, read_reference
from components.prediction_log.reader import Log
from components.watch.data_quality import data_quality
from components.watch.drifted import drift
from components.watch.quality import expected, harmed, measured
from components.watch.report import (
    ColumnDrift,
    DataProblem,
    DriftDay,
    Lost,
    Quality,
    Report,
    StrangeRow,
    TrafficDay,
    VersionReport,
)
from components.watch.rows import NEEDED, LabelledRow, Labels, VersionDay, VersionRows, gather
from components.watch.statistics.drift import unpacked
from components.watch.statistics.harm import Harm
from components.watch.verdict import verdict

BundleOf = Callable[[str], Path]
"""A version -> the folder of its bundle.

Raises:
    JourneymanError: it cannot be had.
"""


@dataclass(frozen=True)
class _Known:
    """What a version's bundle tells."""

    about: About | None
    arrays: ReferenceArrays | None
    question: str = ""
    """Why something is not told, as a sentence."""


def watch(log: Log, bundle_of: BundleOf, as_of: datetime, delay: timedelta, tolerance: float) -> Report:
    """Return the report up to `as_of`.

    Args:
        log: of the workload.
        bundle_of: where the bundle of a version is.
        as_of: rows and labels from then on are not looked at; days are whole, in UTC.
        delay: after which a row's label is final; rows that are younger are not judged by their labels.
        tolerance: by how much the deciding metric may be worse than its upper bound on the validation split, as a
            part of its range.

    Raises:
        DataError: nothing was answered before `as_of`.
    """
    versions = sorted({row for batch in log.answers(until=as_of, columns=["version"]) for row in _unique(batch)})
    if not versions:
        raise DataError(f"{log.folder}: no answer before {as_of:%Y-%m-%d %H:%M} UTC")
    known = {version: _known(version, bundle_of) for version in versions}
    labels = Labels(log.labels(as_of))
    counted = {name: unpacked(each.arrays.drift) for name, each in known.items() if each.arrays}
    about = {name: each.about for name, each in known.items() if each.about}
    found = gather(log.answers(until=as_of, columns=NEEDED), labels, about, counted)
    workload = log.description.workload
    reports = []
    for name, rows in found.items():
        if rows.first is not None:
            reports.append(_version(workload, name, rows, known[name], as_of, delay, tolerance))
    if not reports:
        raise DataError(f"{log.folder}: only the page and the flow itself have asked before {as_of:%Y-%m-%d %H:%M} UTC")
    reports.sort(key=lambda report: report.until)
    refused, lost = _traffic(log, as_of)
    return Report(
        workload=workload,
        as_of=as_of,
        versions=tuple(reports),
        refused=refused,
        lost=lost,
        labels=labels.total,
        unmatched_labels=labels.unmatched,
    )


def _unique(batch: Any) -> set[str]:
    return {str(value) for value in batch.column("version").unique().to_pylist()}


def _known(version: str, bundle_of: BundleOf) -> _Known:
    try:
        path = bundle_of(version)
        about = read_about(path)
        arrays = read_reference(path / SERVING)
    except JourneymanError as error:
        return _Known(
            None, None, f"version {version} has no bundle to compare with ({error}): only its traffic is told"
        )
    if arrays is None:
        said = f"version {version} was made before bundles brought a reference: traffic is told, drift and quality not"
        return _Known(about, None, said)
    return _Known(about, arrays)


def _version(
    workload: str, name: str, rows: VersionRows, known: _Known, as_of: datetime, delay: timedelta, tolerance: float
) -> VersionReport:
    assert rows.first is not None
    assert rows.last is not None
    questions = [known.question] if known.question else []
    if rows.unknown:
        questions.append(f"{rows.unknown:,} labels are none of version {name}'s classes: they are left out")
    mature = [row for row in rows.labelled if _is_over(row, as_of, delay)]
    if len(mature) < len(rows.labelled):
        young = len(rows.labelled) - len(mature)
        questions.append(f"{young:,} labels are not judged yet: the delay of {delay.days} days is not over")
    judged = _judged(rows, known, mature, as_of, tolerance, questions)
    return VersionReport(
        version=name,
        since=rows.first,
        until=rows.last,
        traffic=tuple(_traffic_day(day, of_day, rows) for day, of_day in sorted(rows.days.items())),
        quality=judged.quality,
        expected=judged.expected,
        drift=judged.drift,
        columns=judged.columns,
        data=judged.data,
        strange=_strange(rows),
        open_questions=tuple(questions),
        verdict=verdict(workload, judged.harm, judged.expected, judged.drift, judged.columns, len(mature)),
    )


@dataclass(frozen=True)
class _Judged:
    """What a version's rows say beside its reference."""

    quality: tuple[Quality, ...] = ()
    expected: Quality | None = None
    harm: tuple[Harm, str, list[date]] | None = None
    drift: tuple[DriftDay, ...] = ()
    columns: tuple[ColumnDrift, ...] = ()
    data: tuple[DataProblem, ...] = ()


def _judged(
    rows: VersionRows,
    known: _Known,
    mature: list[LabelledRow],
    as_of: datetime,
    tolerance: float,
    questions: list[str],
) -> _Judged:
    """Return it; what cannot be said goes to `questions`."""
    about, arrays = known.about, known.arrays
    if about is None or arrays is None:
        return _Judged()
    reference = unpacked(arrays.drift)
    days, columns = drift(rows, reference, as_of.date())
    data = data_quality(rows, reference)
    if not days:
        questions.append("drift is told of whole days, UTC, and none is over yet")
    if (live := catalogue.live(about.kind, about.task)) is None:
        questions.append(f"task {about.task} does not say what its answers are measured by at work")
        return _Judged(drift=days, columns=columns, data=data)
    return _Judged(
        quality=measured(live, about, arrays, mature),
        expected=expected(live, about, arrays, rows),
        harm=harmed(live, about, arrays, mature, tolerance),
        drift=days,
        columns=columns,
        data=data,
    )


def _strange(rows: VersionRows) -> tuple[StrangeRow, ...]:
    latest = next((of_day.strange for _, of_day in sorted(rows.days.items(), reverse=True) if of_day.strange), [])
    return tuple(StrangeRow(id=row.id, columns=row.columns, why=row.why) for row in latest)


def _is_over(row: LabelledRow, as_of: datetime, delay: timedelta) -> bool:
    return datetime.combine(row.day, time.max, UTC) + delay <= as_of or not delay


def _traffic_day(day: Any, of_day: VersionDay, rows: VersionRows) -> TrafficDay:
    milliseconds = np.array(of_day.seconds) * 1_000
    return TrafficDay(
        day=day,
        rows=of_day.rows,
        aside=of_day.aside,
        kept=of_day.rows / of_day.kept if of_day.kept else 1.0,
        median_ms=float(np.median(milliseconds)) if len(milliseconds) else None,
        p99_ms=float(np.quantile(milliseconds, 0.99)) if len(milliseconds) else None,
        labelled=sum(row.day == day for row in rows.labelled),
    )


def _traffic(log: Log, as_of: datetime) -> tuple[dict[str, int], tuple[Lost, ...]]:
    refused: Counter[str] = Counter()
    lost = []
    for row in log.traffic(until=as_of).to_pylist():
        if row["what"] == "refused":
            refused[row["name"]] += row["count"]
        else:
            lost.append(Lost(since=row["since"], until=row["until"], rows=row["count"], why=row["name"]))
    return dict(refused), tuple(lost)
