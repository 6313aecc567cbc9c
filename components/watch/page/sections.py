"""What the page shows, section by section: of the version that answered last, then of the others."""

from collections import Counter
from collections.abc import Iterator, Sequence

from components.pages.blocks import Block, BulletList, Definitions, Drawing, Gallery, Paragraph, Section, Table
from components.pages.curves import NARROW, Curve, DayPoint, Level
from components.pages.distributions import draw_distributions
from components.pages.formatting import name, number, share
from components.pages.strips import Strips
from components.watch.page.trials import waiting_and_tried
from components.watch.report import (
    ColumnDrift,
    DriftDay,
    EmbeddingDrift,
    Estimate,
    Quality,
    Range,
    Report,
    TrafficDay,
    UploadDay,
    VersionReport,
)
from components.watch.statistics.expected_metric import BLIND

_DRAWN = 6  # columns whose distributions are drawn
_STRIPS = 8  # columns whose days are drawn


def headline(report: Report) -> list[tuple[str, str, str]]:
    """Return what stands at the top: label, value, note."""
    version = report.versions[-1]
    found: list[tuple[str, str, str]] = [
        ("Verdict", report.verdict.verdict, f"since {report.verdict.since}" if report.verdict.since else "")
    ]
    if version.quality and version.quality[0].now.value is not None:
        first = version.quality[0]
        found.append((name(first.metric), number(first.now.value), f"validation {number(first.reference.value)}"))
    if version.expected and version.expected.now.value is not None:
        expected = version.expected
        found.append(
            (
                f"Expected {_words(expected.metric)}",
                number(expected.now.value),
                "not to be believed" if version.doubt else "without labels",
            )
        )
    rows = sum(day.rows for day in version.traffic)
    return [*found, ("Answers", f"{rows:,}", f"on {len(version.traffic)} days")]


def sections(report: Report) -> list[Section]:
    """Return the sections; one without anything to say is left out."""
    version = report.versions[-1]
    found = [
        Section("The verdict", list(_verdict(version))),
        Section("Tried on live work", list(waiting_and_tried(report))),
        Section("Quality, by labels", list(_quality(version))),
        Section("Quality that is expected", list(_expected(version))),
        Section("Drift", list(_drift(version))),
        Section("Quality by slice", list(_slices(version))),
        Section("The data itself", [*_data(version), *_uploads(version)]),
        Section("What is strange", list(_strange(report, version))),
        Section("Unfamiliar inputs", list(_unfamiliar(version))),
        Section("Traffic", list(_traffic(report, version.traffic))),
        Section("What is not known", list(_questions(report, version))),
        Section("Versions", list(_versions(report.versions))),
    ]
    return [section for section in found if section.blocks]


def _verdict(version: VersionReport) -> Iterator[Block]:
    said = version.verdict
    rows = [("By", said.rule), ("Since", str(said.since or "")), ("How sure", said.sure), ("What to do", said.do)]
    yield Paragraph({"well": "Well.", "look": "Somebody should look.", "harm": "It does harm."}[said.verdict])
    yield Definitions([row for row in rows if row[1]])


def _quality(version: VersionReport) -> Iterator[Block]:
    for quality in version.quality:
        if quality.days:
            yield Paragraph(_told(quality))
            yield from _curve(quality, "by day, of labelled answers", version)
    there = [quality for quality in version.quality if quality.now.value is not None]
    if there:
        columns = ["metric", "now", "95 % at any time", "rows", "validation"]
        yield Table(columns, [_row(quality) for quality in there])


def _slices(version: VersionReport) -> Iterator[Block]:
    if not version.slices:
        return
    metric = name(version.slices[0].metric)
    worse = [each for each in version.slices if each.since is not None]
    yield Paragraph(
        f"{len(worse)} of {len(version.slices)} slices are worse than the validation split allows. Of all watches "
        "without harm in any of them at most 5 % ever say so of one."
    )
    yield Table(
        ["slice", metric, "95 % of all slices, at any time", "rows", "validation", "worse since"],
        [
            [
                each.slice, number(each.now.value), f"{number(each.now.low)} to {number(each.now.high)}",
                f"{each.now.rows:,}", number(each.reference.value), str(each.since or ""),
            ]
            for each in version.slices
        ],
        caption=f"{metric} by slice, the most that was lost first",
    )  # fmt: skip


def _expected(version: VersionReport) -> Iterator[Block]:
    quality = version.expected
    if quality is None or not quality.days:
        return
    yield Paragraph(f"{_told(quality)} This needs no label, but {BLIND}.")
    if version.doubt:
        yield Paragraph(f"{version.doubt[0].upper()}{version.doubt[1:]}.")
    if version.active:
        yield Paragraph(_active(version.active, quality))
    yield from _curve(quality, "by day, as the probabilities lead to expect", version)


def _embedding(found: EmbeddingDrift) -> str:
    chance = "less than 0.001" if found.p_value < 0.001 else number(found.p_value)
    alarm = (
        "Of these, the columns embedding below raise the alarm."
        if found.watched
        else "This raises no alarm: the version's bundle was made before they had counts of embeddings."
    )
    return (
        f"Embeddings of {found.rows:,} answers of {found.day}: a classifier tells them from those of validation with "
        f"{number(found.size)}, where 0 is guessing and 1 is always right (p {chance}, were rows independent). "
        f"{alarm}"
    )


def _active(active: Quality, expected: Quality) -> str:
    said = (
        f"With the {active.now.rows:,} labels that were asked for, by active inference: {name(active.metric).lower()} "
        f"{_with_interval(active.now)} on all days whose delay is over. It sees labels that changed; its interval "
        "holds for one look."
    )
    latest = active.days[-1] if active.days else active.now
    of_day = next((day for day in expected.days if active.days and day.day == active.days[-1].day), expected.now)
    if active.metric != expected.metric or latest.high is None or latest.low is None:
        return said
    apart = (of_day.low or 0.0) > latest.high or (of_day.high or 1.0) < latest.low
    day = f"On {active.days[-1].day} it" if active.days else "It"
    return f"{said} {day} differs from what is expected by more than chance: believe it." if apart else said


def _drift(version: VersionReport) -> Iterator[Block]:
    if not version.drift:
        return
    drifted = [day for day in version.drift if day.drifted]
    yield Paragraph(
        f"{len(drifted)} of {len(version.drift)} days differ from validation by more than chance. Of all watches "
        "without drift at most 5 % ever say so, over all columns and all days."
    )
    latest = set(version.drift[-1].drifted) if version.drift else set()
    if drifted:
        yield _days(version.drift)
    moved = [column for column in version.columns if column.column in latest][:_DRAWN]
    if moved:
        yield Paragraph("How the columns that drifted are distributed:")
        yield Gallery([_distributions(column) for column in moved])
    if version.embedding:
        yield Paragraph(_embedding(version.embedding))
    yield Table(
        ["column", "effect", "more than chance from", "drifted"],
        [_column(column, column.column in latest) for column in version.columns],
        caption="The latest day, by column",
    )
    if drifted:
        rows = [[str(day.day), f"{day.rows:,}", ", ".join(map(name, day.drifted))] for day in drifted]
        yield Table(["day", "answers", "drifted"], rows, caption="Days that differ", drawn=True)


def _data(version: VersionReport) -> Iterator[Block]:
    if version.data:
        yield Table(
            ["column", "what", "validation", "latest day", "most on a day"],
            [
                [
                    name(each.column), each.problem, share(each.expected), share(each.days[-1].share),
                    share(max(day.share for day in each.days)),
                ]
                for each in version.data
            ],
            caption="Shares of rows, where some day had more than the validation split",
        )  # fmt: skip


def _uploads(version: VersionReport) -> Iterator[Block]:
    if not version.uploads:
        return
    latest = version.uploads[-1]
    smaller = f", {share(latest.smaller)} have fewer pixels a side than the model takes" if latest.smaller else ""
    yield Paragraph(f"Files as callers sent them, of {latest.rows:,} on {latest.day}: {_formats(latest)}{smaller}.")
    yield Table(
        ["day", "files", "formats", "width", "height", "kB", "smaller than taken"],
        [
            [
                str(day.day), f"{day.rows:,}", _formats(day), _range(day.width), _range(day.height),
                _range(day.bytes, 1_000), "" if day.smaller is None else share(day.smaller),
            ]
            for day in version.uploads
        ],
        caption="Files by day: the one in the middle, the least and the largest",
    )  # fmt: skip


def _formats(day: UploadDay) -> str:
    often = sorted(day.formats.items(), key=lambda each: -each[1])
    return ", ".join(f"{share(count / day.rows)} {format or 'other'}" for format, count in often)


def _range(found: Range | None, unit: int = 1) -> str:
    if found is None:
        return ""
    return f"{number(found.median / unit)} ({number(found.least / unit)} to {number(found.largest / unit)})"


def _strange(report: Report, version: VersionReport) -> Iterator[Block]:
    if version.strange:
        yield Paragraph(
            f"Answers that lie outside of what the model was validated on, in most columns. All that is known of one: "
            f"python -m flows.log {report.workload} --row ID."
        )
        yield Table(
            ["event", "columns", "why"],
            [[row.id, f"{row.columns:,}", "; ".join(row.why)] for row in version.strange],
        )


def _unfamiliar(version: VersionReport) -> Iterator[Block]:
    days = [(day, day.unfamiliar) for day in version.traffic if day.unfamiliar is not None]
    points = [DayPoint(day.day, flagged) for day, flagged in days]
    if not days:
        return
    rate = version.unfamiliar_rate
    stated = "" if rate is None else f" Of inputs like those of validation at most {share(rate)} is, the model states."
    yield Paragraph(
        f"On {days[-1][0].day} {share(days[-1][1])} of the answers were given to inputs that are like nothing in the "
        f"training data.{stated} Much more than that means that something else is asked than what was learned."
    )
    level = None if rate is None else Level(0.0, rate)
    curve = Curve("Share of unfamiliar inputs by day", points, level, from_zero=True)
    keys = [("line", "a day"), *([("level", "stated")] if level else [])]
    yield Drawing(curve.draw(), curve.title, keys, curve.draw(NARROW))
    yield Table(
        ["day", "answers", "unfamiliar"],
        [[str(day.day), f"{day.rows:,}", share(flagged)] for day, flagged in days],
        caption="Unfamiliar inputs by day",
        drawn=True,
    )


def _traffic(report: Report, days: Sequence[TrafficDay]) -> Iterator[Block]:
    curve = Curve("Answers by day", [DayPoint(day.day, day.rows) for day in days], from_zero=True)
    yield Drawing(curve.draw(), "Answers by day", narrow=curve.draw(NARROW))
    yield Table(
        ["day", "answers", "in the log", "labels", "median ms", "p99 ms", "page and smoke"],
        [
            [
                str(day.day), f"{day.rows:,}", share(day.kept), f"{day.labelled:,}", number(day.median_ms),
                number(day.p99_ms), f"{day.aside:,}",
            ]
            for day in days
        ],
        caption="By day, UTC",
    )  # fmt: skip
    if report.slower:
        yield Paragraph(f"{report.slower[0].upper()}{report.slower[1:]}.")
    if report.refused:
        yield Table(["refused", "requests"], [[why, f"{count:,}"] for why, count in report.refused.items()])
    if report.lost:
        rows = [[f"{gap.since:%Y-%m-%d %H:%M}", f"{gap.rows:,}", gap.why] for gap in report.lost]
        yield Table(["since (UTC)", "rows", "why they are not in the log"], rows)


def _questions(report: Report, version: VersionReport) -> Iterator[Block]:
    found = list(version.open_questions)
    if report.unmatched_labels:
        found.append(f"{report.unmatched_labels:,} of {report.labels:,} labels name no row of the log")
    if not any(quality.now.rows for quality in version.quality):
        found.append("no label has come that can be judged: how good the answers are is not known")
    if found:
        yield BulletList(found)


def _versions(versions: Sequence[VersionReport]) -> Iterator[Block]:
    if len(versions) > 1:
        yield Table(
            ["version", "since (UTC)", "until (UTC)", "answers", "verdict", "by"],
            [
                [
                    each.version, f"{each.since:%Y-%m-%d %H:%M}", f"{each.until:%Y-%m-%d %H:%M}",
                    f"{sum(day.rows for day in each.traffic):,}", each.verdict.verdict, each.verdict.rule,
                ]
                for each in reversed(versions)
            ],
        )  # fmt: skip


def _days(drift: Sequence[DriftDay]) -> Drawing:
    """Draw on which days the columns that drifted most often did."""
    often = Counter(column for day in drift for column in day.drifted).most_common(_STRIPS)
    rows = [(name(column), {day.day for day in drift if column in day.drifted}) for column, _ in often]
    strips = Strips("Days on which columns drifted", [day.day for day in drift if day.rows], rows)
    return Drawing(strips.draw(), "Columns by day", [("after", "drifted"), ("cell", "as usual")], strips.draw(NARROW))


def _distributions(column: ColumnDrift) -> Drawing:
    said = f"{name(column.column)}, moved by {share(column.size)}"
    drawn = draw_distributions(said, column.bins, column.expected, column.now)
    return Drawing(drawn, said, [("before", "validation"), ("after", "latest day")])


def _curve(quality: Quality, of: str, version: VersionReport) -> Iterator[Block]:
    before = quality.reference
    level = None
    if before.low is not None and before.high is not None:
        level = Level(before.low, before.high)
    points = [DayPoint(day.day, day.value, day.low, day.high) for day in quality.days if day.value is not None]
    if points:
        curve = Curve(f"{name(quality.metric)} {of}", points, level, version.verdict.since)
        keys = [("line", "a day"), ("band", "its 95 % interval"), *([("level", "validation")] if level else [])]
        shown = version.verdict.since and points[0].day <= version.verdict.since <= points[-1].day
        keys += [("since", f"since when {version.verdict.verdict}")] if shown else []
        yield Drawing(curve.draw(), curve.title, keys, curve.draw(NARROW))


def _told(quality: Quality) -> str:
    now, before = _with_interval(quality.now), _with_interval(quality.reference)
    better = "; lower is better" if quality.lower_is_better else ""
    return f"{name(quality.metric)}: {now}, on the validation split {before}{better}."


def _with_interval(estimate: Estimate) -> str:
    if estimate.value is None:
        return "not known"
    return f"{number(estimate.value)} ({number(estimate.low)} to {number(estimate.high)})"


def _row(quality: Quality) -> list[str]:
    now = quality.now
    interval = f"{number(now.low)} to {number(now.high)}"
    return [name(quality.metric), number(now.value), interval, f"{now.rows:,}", number(quality.reference.value)]


def _column(column: ColumnDrift, drifted: bool) -> list[str]:
    return [name(column.column), number(column.size), number(column.threshold), "yes" if drifted else ""]


def _words(metric: str) -> str:
    return metric.replace("_", " ")
