"""The trials of a workload: what the history says of each, and what `flows.shadow` found of it last."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from components import catalogue
from components.config.settings import watch_folder
from components.registry.promotion.history import BY_ITSELF, Entry, History, Step
from components.registry.promotion.ledger import Ledger
from components.system import clock
from components.watch.replay import Replay
from components.watch.trials import LATELY, Finding, Kind, State, Trial, keep_finding, read_findings, with_findings


def keep_found(workload: str, kind: Kind, version: str, against: str, found: Replay | str, cost: str = "") -> None:
    """Keep for the watch's page what a comparison said, or why there is none; and what endpoints have measured."""
    said = {"kind": kind, "version": version, "against": against, "when": clock.now(), "cost": cost}
    if isinstance(found, str):
        finding = Finding(**said, answers=0, why=found)
    elif (comparison := found.comparison) is None:
        finding = Finding(**said, answers=found.rows, why=found.unequal or "no label has come")
    else:
        finding = Finding(
            **said,
            answers=found.rows,
            labelled=found.labelled,
            metric=found.metric,
            before=_known(found.before),
            now=_known(found.now),
            better=comparison.better,
            worse=comparison.worse,
            evidence=comparison.evidence,
            needed=1 / catalogue.workload(workload).gate.error,
            course=comparison.course,
        )
    keep_finding(watch_folder(workload), finding)


def trials_of(workload: str, until: datetime) -> tuple[Trial, ...]:
    """Return the trials that were under way at a moment, or had ended lately by then, the latest first."""
    history, reverse = Ledger(workload).read(), timedelta(days=catalogue.workload(workload).gate.reverse)
    return with_findings(trials_by(history, until, reverse), read_findings(watch_folder(workload)), until)


def trials_by(history: History, until: datetime, reverse: timedelta) -> list[Trial]:
    """Return what the history says of trials, without what was found of them; see `trials_of`.

    Args:
        history: of the workload.
        until: the moment; what came later counts not.
        reverse: `gate.reverse`.
    """
    steps = [step for step in history.steps if step.when <= until]
    entries = [entry for entry in history.entries if entry.when <= until]
    found = [*_tried(steps), *_reverse(entries, until, reverse)]
    there = [trial for trial in found if trial.until is None or until - trial.until <= LATELY]
    return sorted(there, key=lambda trial: trial.since, reverse=True)


def _tried(steps: list[Step]) -> Iterator[Trial]:
    """Yield shadows and canaries."""
    names = dict.fromkeys((step.trial, step.version) for step in steps)
    for trial, version in names:
        its = [step for step in steps if (step.trial, step.version) == (trial, version)]
        began = next((step for step in its if step.what == "began"), its[0])
        end = next((step for step in its if step.what in ("passed", "stopped")), None)
        state: State = "runs" if began.what == "began" else "waits"
        if end:
            state = "passed" if end.what == "passed" else "stopped"
        yield Trial(
            kind=trial,
            version=version,
            against=began.against or (end.against if end else None),
            since=began.when,
            until=end.when if end else None,
            state=state,
            share=began.share or None,
            why=end.why if end else "",
        )


def _reverse(entries: list[Entry], until: datetime, reverse: timedelta) -> Iterator[Trial]:
    """Yield the champions that were asked, after a promotion by the gate, what the new one answered."""
    for entry, then in zip(entries, [*entries[1:], None], strict=True):
        if entry.what != "promoted" or entry.left is None or not reverse:
            continue
        over = entry.when + reverse
        state: State = "runs"
        end, why = None, ""
        if then and then.when <= over:
            taken = then.what == "rolled back" and then.by.startswith(BY_ITSELF) and then.to == entry.left
            state, end, why = "rolled back" if taken else "over", then.when, then.reason if taken else ""
            why = why or f"version {then.to or 'none'} came to work"
        elif over <= until:
            state, end, why = "over", over, f"version {entry.to} stayed"
        assert entry.to
        yield Trial(
            kind="reverse shadow",
            version=entry.left,
            against=entry.to,
            since=entry.when,
            until=end,
            state=state,
            why=why,
        )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
