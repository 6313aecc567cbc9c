from datetime import UTC, datetime, timedelta
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
    with counted("cups", "harm"):
        assert sum(number**2 for number in range(300_000))
    with pytest.raises(ValueError, match="no room"), counted("cups", "age"):
        raise ValueError("no room")
    with pytest.raises(KeyboardInterrupt), counted("cups", "age"):
        raise KeyboardInterrupt
    first, second = trainings("cups")
    assert (first.why, first.failed, second.why, second.failed) == ("harm", False, "age", True)
    assert 0 < first.cpu_seconds < 60
