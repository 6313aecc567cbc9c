"""What log and bundles say of a workload at work up to some moment."""

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from components.config.errors import DataError
from components.inference.unfamiliar import UnfamiliarTest
from components.prediction_log.reader import Log
from components.prediction_log.summaries import Summaries
from components.watch.active import active
from components.watch.bundles import Bundle, BundleOf, Bundles
from components.watch.data_quality import data_quality
from components.watch.days import Days
from components.watch.doubt import doubt
from components.watch.drifted import drift
from components.watch.labelled import LabelledDay
from components.watch.latency import slower
from components.watch.quality import expected, harmed, is_asked_enough, largest_weight, measured
from components.watch.report import (
    ColumnDrift,
    DataProblem,
    DriftDay,
    EmbeddingDrift,
    Lost,
    Quality,
    Report,
    SliceQuality,
    StrangeRow,
    TrafficDay,
    UploadDay,
    VersionReport,
)
from components.watch.rows import VersionDay, VersionRows
from components.watch.slice_quality import slice_quality
from components.watch.statistics.harm import Harm
from components.watch.statistics.quantiles import SECONDS
from components.watch.verdict import verdict

_AT_ONCE = timedelta(hours=1)  # between the last answers of two versions that are at work at once, at most


def watch(
    log: Log,
    bundle_of: BundleOf,
    as_of: datetime,
    delay: timedelta,
    tolerance: float,
    summaries: Summaries | None = None,
    asked: float = 0.02,
    champion: str | None = None,
) -> Report:
    """Return the report up to `as_of`.

    Args:
        log: of the workload.
        bundle_of: where the bundle of a version is.
        as_of: rows and labels from then on are not looked at; days are whole, in UTC.
        delay: after which a row's label is final; rows that are younger are not judged by their labels.
        tolerance: by how much the deciding metric may be worse than its upper bound on the validation split, as a
            part of its range.
        summaries: what is known already of days that are over; without it all is read, and the report is the same.
        asked: the smallest probability with which a label is asked for, where labels say theirs.
        champion: the version that was at work at `as_of`, of the history; None: not known. Of two that answered at once
            it is the one that is reported on, whichever answered last.

    Raises:
        DataError: nothing was answered before `as_of`.
    """
    log, bundles = log.standing(), Bundles(bundle_of)
    days = Days(log, bundles, as_of, summaries)
    found = days.versions()
    if not found:
        raise DataError(f"{log.folder}: no answer before {as_of:%Y-%m-%d %H:%M} UTC")
    workload = log.description.workload
    reports = []
    for name, version in found.items():
        if version.first is not None:
            reports.append(_version(workload, version, bundles[name], as_of, delay, (tolerance, asked)))
    if not reports:
        raise DataError(f"{log.folder}: no caller has asked before {as_of:%Y-%m-%d %H:%M} UTC")
    reports = _in_order(reports, champion)
    refused, lost = _traffic(log, as_of)
    return Report(
        workload=workload,
        as_of=as_of,
        versions=tuple(reports),
        refused=refused,
        lost=lost,
        labels=days.labels.total,
        unmatched_labels=days.labels.unmatched,
        slower=slower(reports[-1].traffic, [day for each in reports[:-1] for day in each.traffic]),
    )


def _in_order(reports: list[VersionReport], champion: str | None) -> list[VersionReport]:
    """Return them by their last answers, the version at work last.

    A champion and its canary answer at once, and either may be the last to have answered. Where the history does not
    say which of them is at work, it is the one with more answers of the last day.
    """
    reports = sorted(reports, key=lambda report: report.until)
    if len(reports) > 1:
        last, before = reports[-1], reports[-2]
        overlap = last.since < before.until
        at_once = overlap and last.until - before.until < _AT_ONCE
        has_more = at_once and before.traffic[-1].rows > last.traffic[-1].rows
        known = champion in (last.version, before.version)
        if (overlap and champion == before.version) if known else has_more:
            reports[-2:] = [last, before]
    return reports


def _version(
    workload: str,
    rows: VersionRows,
    bundle: Bundle,
    as_of: datetime,
    delay: timedelta,
    limits: tuple[float, float],
) -> VersionReport:
    assert rows.first is not None
    assert rows.last is not None
    questions = [bundle.question] if bundle.question else []
    if unknown := sum(of_day.unknown for of_day in rows.labelled.values()):
        questions.append(f"{unknown:,} labels are none of version {bundle.version}'s classes: they are left out")
    mature = {day: of_day for day, of_day in rows.labelled.items() if _is_over(day, as_of, delay)}
    count = sum(of_day.rows for of_day in mature.values())
    if young := sum(of_day.rows for of_day in rows.labelled.values()) - count:
        questions.append(f"{young:,} labels are not judged yet: the delay of {delay.days} days is not over")
    judged = _judged(rows, bundle, mature, as_of, limits, questions)
    return VersionReport(
        version=bundle.version,
        since=rows.first,
        until=rows.last,
        traffic=tuple(_traffic_day(day, of_day, rows.labelled.get(day)) for day, of_day in sorted(rows.days.items())),
        unfamiliar_rate=_unfamiliar_rate(bundle),
        quality=judged.quality,
        slices=judged.slices,
        expected=judged.expected,
        doubt=doubt(judged.expected, judged.drift, judged.columns),
        active=judged.active,
        drift=judged.drift,
        embedding=_embedding(rows, as_of.date()),
        columns=judged.columns,
        data=judged.data,
        uploads=_uploads(rows),
        strange=_strange(rows),
        open_questions=tuple(questions),
        verdict=verdict(
            workload, judged.harm, judged.slices, judged.expected, judged.drift, judged.columns, judged.labels
        ),
    )


def _unfamiliar_rate(bundle: Bundle) -> float | None:
    test = None if bundle.about is None else UnfamiliarTest.of(bundle.about.decision)
    return None if test is None else test.rate


def _embedding(rows: VersionRows, until: date) -> EmbeddingDrift | None:
    over = [day for day, of_day in rows.days.items() if of_day.rows and day < until]
    return rows.days[max(over)].embedding if over else None


@dataclass(frozen=True)
class _Judged:
    """What a version's rows say beside its reference."""

    quality: tuple[Quality, ...] = ()
    slices: tuple[SliceQuality, ...] = ()
    expected: Quality | None = None
    active: Quality | None = None
    harm: tuple[Harm, str, list[date]] | None = None
    labels: int = 0
    """By which harm is judged."""
    drift: tuple[DriftDay, ...] = ()
    columns: tuple[ColumnDrift, ...] = ()
    data: tuple[DataProblem, ...] = ()


def _judged(
    rows: VersionRows,
    bundle: Bundle,
    mature: dict[date, LabelledDay],
    as_of: datetime,
    limits: tuple[float, float],
    questions: list[str],
) -> _Judged:
    """Return it; what cannot be said goes to `questions`."""
    tolerance, asked = limits
    about, reference = bundle.about, bundle.reference
    if about is None or reference is None:
        return _Judged()
    days, columns = drift(rows, reference, as_of.date(), bundle.embedded)
    data = data_quality(rows, reference)
    if not days:
        questions.append("drift is told of whole days, UTC, and none is over yet")
    if bundle.live is None:
        questions.append(f"task {about.task} does not say what its answers are measured by at work")
        return _Judged(drift=days, columns=columns, data=data)
    certain = {day: each for day, each in mature.items() if is_asked_enough(each.asked, asked)}
    most = largest_weight(rows.share, min((each.asked for each in certain.values()), default=1.0), asked)
    if seldom := mature.keys() - certain.keys():
        questions.append(_left_out(seldom, min(mature[day].asked for day in seldom), asked, bool(certain)))
    questions.extend(_not_sliced(bundle, mature))
    return _Judged(
        quality=measured(bundle, mature, None if seldom else most),
        slices=slice_quality(bundle, certain, tolerance, most),
        expected=expected(bundle, {day: each.expected for day, each in rows.days.items() if each.expected}),
        active=active(bundle, {day: rows.days[day].sums + each.corrections for day, each in mature.items()}),
        harm=harmed(bundle, certain, tolerance, most),
        labels=sum(of_day.rows for of_day in certain.values()),
        drift=days,
        columns=columns,
        data=data,
    )


def _left_out(days: Set[date], least: float, asked: float, others: bool) -> str:
    """Return which days' labels do not say whether there is harm, and why."""
    what = f"{len(days):,} of its days" if len(days) > 1 else f"{min(days)}"
    left = f"harm is judged without {what}" if others else "harm is not judged"
    return (
        f"{left}: a label was asked for with probability {least:g}, below watch.asked ({asked:g}): "
        "set it to the smallest with which you ask"
    )


def _not_sliced(bundle: Bundle, mature: dict[date, LabelledDay]) -> Iterator[str]:
    """Yield why columns of `prepare.slices` are not judged."""
    if not any(of_day.rows for of_day in mature.values()):
        return
    for rule in bundle.slices.rules:
        names = {f"{rule.column}: {value}" for value in rule.values}
        if not any(names & of_day.slices.keys() for of_day in mature.values()):
            yield f"quality by {rule.column} is not known: no labelled answer says a value of it that validation had"


def _strange(rows: VersionRows) -> tuple[StrangeRow, ...]:
    latest = next((of_day.strange for _, of_day in sorted(rows.days.items(), reverse=True) if of_day.strange), [])
    return tuple(StrangeRow(id=row.id, columns=row.columns, why=row.why) for row in latest)


def _uploads(rows: VersionRows) -> tuple[UploadDay, ...]:
    found = (of_day.uploads.day(day) for day, of_day in sorted(rows.days.items()) if of_day.uploads)
    return tuple(day for day in found if day)


def _is_over(day: date, as_of: datetime, delay: timedelta) -> bool:
    return datetime.combine(day, time.max, UTC) + delay <= as_of or not delay


def _traffic_day(day: date, of_day: VersionDay, labels: LabelledDay | None) -> TrafficDay:
    return TrafficDay(
        day=day,
        rows=of_day.rows,
        aside=of_day.aside,
        kept=of_day.kept,
        median_ms=_milliseconds(of_day, 0.5),
        p99_ms=_milliseconds(of_day, 0.99),
        labelled=labels.rows if labels else 0,
        unfamiliar=of_day.unfamiliar / of_day.told if of_day.told else None,
    )


def _milliseconds(of_day: VersionDay, part: float) -> float | None:
    seconds = SECONDS.quantile(of_day.seconds, part)
    return None if seconds is None else seconds * 1_000


def _traffic(log: Log, as_of: datetime) -> tuple[dict[str, int], tuple[Lost, ...]]:
    refused: Counter[str] = Counter()
    lost = []
    for row in log.traffic(until=as_of).to_pylist():
        if row["what"] == "refused":
            refused[row["name"]] += row["count"]
        else:
            lost.append(Lost(since=row["since"], until=row["until"], rows=row["count"], why=row["name"]))
    return dict(refused), tuple(lost)
