from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.config.retrain import Retrain
from components.retraining.due import Decision, decide
from components.retraining.trainings import Training, counted, trainings

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LIMITS = Retrain(labels=500, days=30.0, least=50, cooldown=1.0, cpu_hours=10.0)


def verdict(said: str = "harm", version: str = "3", days: float = 0.5) -> dict[str, Any]:
    return {
        "verdict": said,
        "version": version,
        "as_of": (NOW - timedelta(days=days)).isoformat(),
        "since": "2026-11-27",
    }


def decided(new: int = 100, days: float | None = 5.0, done: Any = (), watched: Any = None) -> Decision:
    last = None if days is None else NOW - timedelta(days=days)
    return decide(LIMITS, new, last, done, watched, "3", NOW)


def training(days: float, hours: float) -> Training:
    began = NOW - timedelta(days=days)
    return Training(began=began, ended=began, why="", failed=False, cpu_seconds=hours * 3600)


def test_labels_age_and_harm_ask_for_it() -> None:
    assert not decided().due
    assert decided(new=500).why == ["500 labels were not learnt from yet (retrain.labels: 500)"]
    assert decided(days=30.0).why == ["the last training was 30.0 days ago (retrain.days: 30)"]
    assert decided(watched=verdict()).why == ["watch says 'harm' since 2026-11-27"]
    assert all(found.due for found in (decided(new=500), decided(days=30.0), decided(watched=verdict())))


def after_harm(learnt_until: datetime | None, failed: bool = False) -> Training:
    began, since = NOW - timedelta(days=2), date(2026, 11, 20)
    about = {"failed": failed, "cpu_seconds": 1.0, "harm_since": since, "learnt_until": learnt_until}
    return Training(began=began, ended=began, why="", **about)


@pytest.mark.parametrize(("before", "now", "due"), [(21, 21, False), (21, 22, True), (22, 23, False), (22, 24, True)])
def test_a_training_that_knew_little_of_a_harm_is_followed_by_another(before: int, now: int, due: bool) -> None:
    done, until = [after_harm(datetime(2026, 11, before, tzinfo=UTC))], datetime(2026, 11, now, tzinfo=UTC)
    found = decide(LIMITS, 100, None, done, verdict("well"), "3", NOW, None, until)
    assert found.due == due
    said = (
        f"the last training learned from {before - 20} days of the harm since 2026-11-20, one now would from {now - 20}"
    )
    assert any(each.startswith(said) for each in (found.why if due else found.notes))
    assert found.harm_since == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("done", "limits"),
    [
        ([after_harm(None)], LIMITS),  # from before there were follow-ups
        ([after_harm(datetime(2026, 11, 21, tzinfo=UTC), failed=True)], LIMITS),
        ([training(5, 1)], LIMITS),  # of no harm
        ([after_harm(datetime(2026, 12, 21, tzinfo=UTC))], LIMITS),  # it learned from days enough
        ([after_harm(datetime(2026, 11, 21, tzinfo=UTC))], LIMITS.model_copy(update={"follow_up": None})),
    ],
)
def test_other_trainings_are_not_followed(done: list[Training], limits: Retrain) -> None:
    found = decide(limits, 100, None, done, verdict("well"), "3", NOW, None, datetime(2027, 3, 1, tzinfo=UTC))
    assert not found.why
    assert found.harm_since is None


@pytest.mark.parametrize(("day", "due"), [(27, False), (28, True), (29, True)])
def test_harm_asks_for_a_training_once_that_learns_from_a_day_of_it(day: int, due: bool) -> None:
    until = datetime(2026, 11, day, tzinfo=UTC)
    found = decide(LIMITS, 100, None, (), verdict(), "3", NOW, None, until)
    assert found.due == due
    said = f"watch says 'harm' since 2026-11-27, but a training now would learn from answers before 2026-11-{day} alone"
    assert any(note.startswith(said) for note in found.notes) != due
    assert decide(LIMITS, 500, None, (), verdict(), "3", NOW, None, until).due, "labels ask for one all the same"


@pytest.mark.parametrize(
    ("watched", "note"),
    [
        (None, "nobody watches"),
        (verdict(days=3.0), "too old to count"),
        (verdict(version="2"), "not at work any more"),
        (verdict("look"), "watch says 'look'"),
    ],
)
def test_a_verdict_that_does_not_count_is_said(watched: Any, note: str) -> None:
    found = decided(watched=watched)
    assert not found.why
    assert any(note in said for said in found.notes)


def test_what_is_against_it_is_said() -> None:
    early = decided(new=500, days=0.5)
    assert not early.due
    assert early.against == ["the last training was 0.5 days ago (retrain.cooldown: 1)"]
    few = decided(new=49, watched=verdict())
    assert not few.due
    assert few.against == ["49 labels are too few to learn from (retrain.least: 50)"]
    spent = decided(new=500, done=[training(50, 9), training(20, 4), training(5, 4)])  # one is longer ago than a month
    assert not spent.due
    assert spent.against == ["trainings of 30 days took 8.0 CPU hours, and one more takes 4.0 (retrain.cpu_hours: 10)"]
    assert decided(new=500, done=[training(50, 9), training(5, 4)]).due


@pytest.mark.parametrize(("days", "due"), [(0.9, False), (0.97, True), (1.03, True)])
def test_a_cooldown_of_a_day_lets_every_night_train(days: float, due: bool) -> None:
    assert decided(new=500, days=days).due == due


def test_what_is_tried_is_waited_for_but_not_for_ever() -> None:
    tried = {"4": NOW - timedelta(days=2)}
    found = decide(LIMITS, 500, None, (), verdict(), "3", NOW, tried)
    assert not found.due
    assert found.against == ["version 4 has been tried on live answers for 2.0 days (retrain.trial: 7)"]
    assert decide(LIMITS, 500, None, (), verdict(), "3", NOW + timedelta(days=5), tried).due
    assert decide(LIMITS, 500, None, (), verdict(), "3", NOW, {}).due


def test_refused_labels_are_against_it() -> None:
    found = decided(new=500)
    found.refused.append("eve")
    assert not found.due


def test_a_training_counts_when_it_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    since, until = date(2026, 11, 20), datetime(2026, 11, 22, tzinfo=UTC)
    with counted("cups", "harm", since, until):
        assert sum(number**2 for number in range(300_000))
    with pytest.raises(ValueError, match="no room"), counted("cups", "age"):
        raise ValueError("no room")
    with pytest.raises(KeyboardInterrupt), counted("cups", "age"):
        raise KeyboardInterrupt
    first, second = trainings("cups")
    assert (first.why, first.failed, second.why, second.failed) == ("harm", False, "age", True)
    assert (first.harm_since, first.learnt_until, second.harm_since) == (since, until, None)
    assert 0 < first.cpu_seconds < 60
