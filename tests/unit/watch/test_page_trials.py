"""What the page shows of trials, given as the flow gives them."""

from datetime import UTC, datetime, timedelta

from components.watch.page import page
from components.watch.report import Report, TrafficDay, Verdict, VersionReport
from components.watch.trials import Finding, Trial

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
BEGAN = NOW - timedelta(days=1)
WELL = Verdict(verdict="well", rule="nothing is wrong", sure="", do="")
DAY = TrafficDay(day=BEGAN.date(), rows=9, aside=0, kept=1.0, median_ms=1.0, p99_ms=2.0, labelled=0)
FOUND = Finding(
    kind="shadow", version="4", against="3", when=NOW, answers=1_200, labelled=60, metric="accuracy", before=0.8,
    now=0.9, better=9, worse=2, evidence=6.25, needed=20.0, course=((1, 1.0), (30, 2.5), (60, 6.25)),
)  # fmt: skip


def report(*trials: Trial, waiting: tuple[str, ...] = ()) -> Report:
    version = VersionReport(version="3", since=BEGAN, until=NOW, traffic=(DAY,), verdict=WELL)
    return Report(workload="shop", as_of=NOW, versions=(version,), trials=trials, waiting=waiting)


def trial(**said: object) -> Trial:
    return Trial(**{"kind": "shadow", "version": "4", "against": "3", "since": BEGAN, "state": "runs", **said})


def test_a_trial_under_way_is_told_with_its_evidence_as_a_curve() -> None:
    shown = page(report(trial(found=FOUND)))
    assert "Tried on live work" in shown
    assert "accuracy 0.9000 against 0.8000 on 60 labels; better on 9 of them, worse on 2; evidence 6.25" in shown
    assert "it is decided at 20" in shown
    assert shown.count('aria-label="Shadow: version 4 beside version 3, evidence E by label"') == 2  # wide and narrow
    assert "60 labels</text>" in shown


def test_what_has_ended_says_by_what_and_a_canary_its_share() -> None:
    stopped = trial(kind="canary", share=0.05, state="stopped", until=NOW, why="an endpoint <b>stopped</b> it")
    shown = page(report(stopped))
    assert "Canary of 5 %: version 4 beside version 3" in shown
    assert "an endpoint &lt;b&gt;stopped&lt;/b&gt; it" in shown
    assert "<b>stopped" not in shown
    nothing = FOUND.model_copy(update={"evidence": None, "needed": None, "course": (), "why": "no label has come"})
    assert "1,200 answers were asked again; no label has come" in page(report(trial(found=nothing)))
    assert "nothing was compared yet" in page(report(trial()))


def test_who_waits_for_a_person_is_named_with_the_command() -> None:
    shown = page(report(waiting=("4",)))
    assert "Version 4 has passed all that stands between it and work" in shown
    assert "python -m flows.promote shop --serve" in shown
    assert "Tried on live work" not in page(report())
