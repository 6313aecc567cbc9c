"""What the history says of trials, told as the page of a watch shows them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.registry.promotion.history import BY_ITSELF, Entry, History, Step
from components.watch.replay import Replay
from components.watch.statistics.comparing import Comparison
from components.watch.trials import FILE, Finding, keep_finding, read_findings, with_findings
from flows.trials import keep_found, trials_by

BEGAN = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = timedelta(days=7)


def entry(number: int, what: str, left: str | None, to: str, hours: float, by: str = "a flow") -> Entry:
    return Entry(number=number, what=what, by=by, left=left, to=to, when=BEGAN + hours * HOUR, reason="as it was seen")


def step(trial: str, what: str, version: str, hours: float, why: str = "", share: float = 0.0) -> Step:
    when = BEGAN + hours * HOUR
    return Step(trial=trial, what=what, version=version, against="1", when=when, why=why, share=share)


STEPS = (
    step("shadow", "began", "2", 1),
    step("shadow", "passed", "2", 3, "better on 9 rows"),
    step("canary", "began", "2", 3, share=0.05),
    step("canary", "waits", "3", 4),
    step("canary", "stopped", "2", 5, "an endpoint stopped it"),
    step("canary", "began", "3", 6, share=0.05),
)


def finding(kind: str, version: str, hours: float, answers: int = 5) -> Finding:
    return Finding(kind=kind, version=version, against="1", when=BEGAN + hours * HOUR, answers=answers, why="no label")


def test_each_trial_is_told_once_as_it_stood_at_the_moment() -> None:
    history = History((entry(1, "promoted", None, "1", 0),), steps=STEPS)
    told = [(each.kind, each.version, each.state, each.why) for each in trials_by(history, BEGAN + 7 * HOUR, WEEK)]
    assert told == [
        ("canary", "3", "runs", ""),
        ("canary", "2", "stopped", "an endpoint stopped it"),
        ("shadow", "2", "passed", "better on 9 rows"),
    ]
    before = [(each.kind, each.version, each.state) for each in trials_by(history, BEGAN + 4.5 * HOUR, WEEK)]
    assert before == [("canary", "3", "waits"), ("canary", "2", "runs"), ("shadow", "2", "passed")]
    assert trials_by(history, BEGAN, WEEK) == []
    later = trials_by(history, BEGAN + 40 * DAY, WEEK)
    assert [(each.version, each.share) for each in later] == [("3", 0.05)]  # what ended long ago is not shown


@pytest.mark.parametrize(
    ("then", "state", "why"),
    [
        (entry(3, "rolled back", "2", "1", 30, f"{BY_ITSELF}, run 1"), "rolled back", "as it was seen"),
        (entry(3, "rolled back", "2", "1", 30, "Ann"), "over", "version 1 came to work"),
        (entry(3, "promoted", "2", "4", 30), "over", "version 4 came to work"),
        (None, "over", "version 2 stayed"),
    ],
)
def test_the_champion_before_a_promotion_is_tried_for_a_while(then: Entry | None, state: str, why: str) -> None:
    first = (entry(1, "promoted", None, "1", 0), entry(2, "promoted", "1", "2", 24))
    running = trials_by(History(first), BEGAN + 2 * DAY, WEEK)
    assert [(each.kind, each.version, each.against, each.state) for each in running] == [
        ("reverse shadow", "1", "2", "runs")
    ]
    ended = trials_by(History((*first, then) if then else first), BEGAN + 9 * DAY, WEEK)
    assert (ended[-1].state, ended[-1].why) == (state, why)
    assert trials_by(History(first), BEGAN + 2 * DAY, timedelta(0)) == []


def test_the_last_finding_of_each_trial_is_kept(tmp_path: Path) -> None:
    assert read_findings(tmp_path) == ()
    for each in (finding("shadow", "2", 2), finding("canary", "3", 7), finding("shadow", "2", 2.5, answers=9)):
        keep_finding(tmp_path, each)
    assert [(each.version, each.answers) for each in read_findings(tmp_path)] == [("2", 9), ("3", 5)]
    history = History((entry(1, "promoted", None, "1", 0),), steps=STEPS)
    until = BEGAN + 8 * HOUR
    found = {
        (each.kind, each.version): each.found and each.found.answers
        for each in with_findings(trials_by(history, until, WEEK), read_findings(tmp_path), until)
    }
    assert found == {("canary", "3"): 5, ("canary", "2"): None, ("shadow", "2"): 9}
    stale = (finding("canary", "3", 0.5),)  # from before this trial began
    assert not any(each.found for each in with_findings(trials_by(history, until, WEEK), stale, until))
    (tmp_path / FILE).write_text("{")  # what is broken is found again
    assert read_findings(tmp_path) == ()


def test_what_was_compared_is_kept_beside_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYMAN_LOG_DIR", str(tmp_path / "log"))
    compared = Comparison(9, 7, 1, 0.6, 31.5, "better", 9, ((1, 1.0), (9, 31.5)))
    keep_found("garments", "shadow", "2", "1", Replay("2", rows=12, labelled=9, metric="accuracy", comparison=compared))
    keep_found("garments", "reverse shadow", "1", "2", Replay("1", rows=4))
    keep_found("garments", "shadow", "3", "1", "cannot be compared: it takes other examples")
    kept = read_findings(tmp_path / "watch" / "garments")
    assert [(each.version, each.answers, each.evidence, each.needed, each.why) for each in kept] == [
        ("2", 12, 31.5, pytest.approx(20.0), ""),
        ("1", 4, None, None, "no label has come"),
        ("3", 0, None, None, "cannot be compared: it takes other examples"),
    ]
    assert (kept[0].course, kept[0].before) == (((1, 1.0), (9, 31.5)), None)  # what is no number is left out
