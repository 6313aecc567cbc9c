"""What a version's report comes to: well, look, or harm. Harm is a statement about loss; drift alone never is."""

from collections.abc import Sequence
from datetime import date

from components.watch.report import ColumnDrift, DriftDay, Quality, SliceQuality, Verdict
from components.watch.statistics.expected_metric import BLIND
from components.watch.statistics.harm import Harm

_SHOWN = 3  # columns that are named


def verdict(
    workload: str,
    harm: tuple[Harm, str, list[date]] | None,
    slices: Sequence[SliceQuality],
    expected: Quality | None,
    drift: Sequence[DriftDay],
    columns: Sequence[ColumnDrift],
    labelled: int,
) -> Verdict:
    """Return the verdict.

    Args:
        workload: whose it is.
        harm: what the losses of labelled rows say, of which metric, on which days; None: there is nothing to compare.
        slices: how each part of the labelled answers does.
        expected: the metric that is expected before labels come; None: it cannot be.
        drift: by day.
        columns: of the latest day.
        labelled: rows whose label has come and is mature.
    """
    drifted = _drift(workload, drift, columns)
    # what is expected moves with the outputs alone: where they have not drifted, a day that looks worse is chance
    found = _harm(workload, harm) or _slices(workload, slices) or (drifted and _expected(workload, expected)) or drifted
    return found or _well(harm, expected, drift, labelled)


def _harm(workload: str, harm: tuple[Harm, str, list[date]] | None) -> Verdict | None:
    if harm is None or harm[0].since is None:
        return None
    found, metric, days = harm
    return Verdict(
        verdict="harm",
        rule=f"the {_words(metric)} of labelled answers is worse than the reference allows",
        since=days[found.since or 0],
        sure="of all watches without harm at most 5 % ever say this, however often one looks",
        do=f"train again on what was labelled: python -m flows.retrain {workload}; "
        f"or roll back, where the version before was better: python -m flows.rollback {workload}",
    )


def _slices(workload: str, slices: Sequence[SliceQuality]) -> Verdict | None:
    worse = [each for each in slices if each.since is not None]
    if not worse:
        return None
    named = ", ".join(each.slice for each in worse[:_SHOWN])
    more = f" and {len(worse) - _SHOWN} more" if len(worse) > _SHOWN else ""
    return Verdict(
        verdict="look",
        rule=f"the {_words(worse[0].metric)} of {named}{more} is worse than the reference allows",
        since=min(each.since for each in worse if each.since),
        sure="of all watches without harm in any slice at most 5 % ever say this, over all slices and days",
        do=f"look at these answers (python -m flows.log {workload}); add labelled rows of that slice and train again",
    )


def _expected(workload: str, expected: Quality | None) -> Verdict | None:
    if expected is None or expected.now.value is None or expected.reference.low is None:
        return None
    worse = expected.now.high is not None and expected.now.high < expected.reference.low
    if not worse:
        return None
    since = _worse_since(expected)
    return Verdict(
        verdict="look",
        rule=f"the {_words(expected.metric)} that the probabilities lead to expect is below that of validation",
        since=since,
        sure=f"95 % for one day; {BLIND}",
        do=f"ask for labels of recent answers (POST /labels), then python -m flows.watch {workload}",
    )


def _worse_since(expected: Quality) -> date | None:
    """Return the first of the latest days in a row on which it was worse."""
    since = None
    for day in reversed(expected.days):
        if day.high is None or expected.reference.low is None or day.high >= expected.reference.low:
            break
        since = day.day
    return since


def _drift(workload: str, drift: Sequence[DriftDay], columns: Sequence[ColumnDrift]) -> Verdict | None:
    latest = next((day for day in reversed(drift) if day.rows), None)
    if latest is None or not latest.drifted:
        return None
    since = latest.day
    for day in reversed(drift):
        if day.rows and not day.drifted:
            break
        since = day.day if day.rows else since
    first = [column.column for column in columns if column.column in latest.drifted][:_SHOWN] or latest.drifted[:_SHOWN]
    more = len(latest.drifted) - len(first)
    return Verdict(
        verdict="look",
        rule=f"{', '.join(first)}{f' and {more} more' if more > 0 else ''} drifted",
        since=since,
        sure="of all watches without drift at most 5 % ever raise an alarm, over all columns and all days",
        do=f"ask for labels of recent answers (POST /labels); if they are wrong, retrain {workload} with them",
    )


def _well(
    harm: tuple[Harm, str, list[date]] | None, expected: Quality | None, drift: Sequence[DriftDay], labelled: int
) -> Verdict:
    by = [f"{labelled:,} labels" if harm is not None else "", "drift" if drift else ""]
    by.append("expected quality" if expected is not None and expected.now.value is not None else "")
    named = [part for part in by if part]
    unsure = "" if harm is not None else f"without labels {BLIND}"
    do = "" if harm is not None else "send labels (POST /labels)"
    if not named:
        return Verdict(verdict="look", rule="nothing can be judged yet", sure=unsure, do=do)
    return Verdict(verdict="well", rule=f"nothing is wrong by {', '.join(named)}", sure=unsure, do=do)


def _words(metric: str) -> str:
    return metric.replace("_", " ")
