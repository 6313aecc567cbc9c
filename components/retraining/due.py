"""Whether a training is due: by harm, by labels, or by age; and what is against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from components.config.retrain import Retrain
from components.retraining.trainings import Training, cost

HARM = "harm"
_NIGHTLY = 2 / 24
"""Days by which one night's run may come earlier than the last one's, and a cool-down of whole days is over."""
FRESH = timedelta(days=2)
"""Age of a watch up to which its verdict counts."""


@dataclass
class Decision:
    """Whether it is due."""

    why: list[str] = field(default_factory=list)
    """What asks for it, a sentence each."""
    against: list[str] = field(default_factory=list)
    """What is against it."""
    refused: list[str] = field(default_factory=list)
    """Whose labels are not to be trusted."""
    notes: list[str] = field(default_factory=list)
    """What neither asks for it nor is against it."""
    harm_since: date | None = None
    """The first day of the harm that it is to end, or that the last one was to end and knew little of."""

    @property
    def due(self) -> bool:
        """Whether to train now."""
        return bool(self.why) and not self.against and not self.refused


def decide(
    limits: Retrain,
    new: int,
    last: datetime | None,
    done: Sequence[Training],
    verdict: Mapping[str, Any] | None,
    champion: str | None,
    as_of: datetime,
    tried: Mapping[str, datetime] | None = None,
    learnt_until: datetime | None = None,
) -> Decision:
    """Return whether a training is due.

    Args:
        limits: the section `retrain`.
        new: labels that are final and were not learnt from.
        last: when a version was registered last; None: never.
        done: trainings of `flows.retrain`.
        verdict: of the last watch, as `verdict.json` has it; None: there was none.
        champion: the version at work.
        as_of: now.
        tried: by version that is tried on live answers since when; None: none is.
        learnt_until: a training would learn from answers before this moment alone; None: from all.
    """
    found = Decision()
    _harm(found, verdict, champion, as_of, learnt_until)
    _follow_up(found, limits, done, learnt_until)
    if new >= limits.labels:
        found.why.append(f"{new:,} labels were not learnt from yet (retrain.labels: {limits.labels:,})")
    else:
        found.notes.append(f"{new:,} labels were not learnt from yet, of {limits.labels:,} (retrain.labels)")
    if last is None:
        found.notes.append("nothing has been trained here yet")
    else:
        age = (as_of - last) / timedelta(days=1)
        said = f"the last training was {age:.1f} days ago (retrain.days: {limits.days:g})"
        (found.why if age >= limits.days else found.notes).append(said)
        if age < limits.cooldown - _NIGHTLY:
            found.against.append(f"the last training was {age:.1f} days ago (retrain.cooldown: {limits.cooldown:g})")
    for number, since in (tried or {}).items():
        days = (as_of - since) / timedelta(days=1)
        if days < limits.trial:
            found.against.append(
                f"version {number} has been tried on live answers for {days:.1f} days (retrain.trial: {limits.trial:g})"
            )
    if new < limits.least:
        found.against.append(f"{new:,} labels are too few to learn from (retrain.least: {limits.least:,})")
    spent, next_one = cost(done, as_of), done[-1].cpu_seconds / 3600 if done else 0.0
    if spent + next_one > limits.cpu_hours:
        found.against.append(
            f"trainings of 30 days took {spent:.1f} CPU hours, and one more takes {next_one:.1f} "
            f"(retrain.cpu_hours: {limits.cpu_hours:g})"
        )
    return found


def _harm(
    found: Decision,
    verdict: Mapping[str, Any] | None,
    champion: str | None,
    as_of: datetime,
    learnt_until: datetime | None,
) -> None:
    if verdict is None:
        found.notes.append("nobody watches: python -m flows.watch says whether it does harm")
        return
    moment, said = datetime.fromisoformat(verdict["as_of"]), f"watch says {verdict['verdict']!r}"
    if as_of - moment > FRESH:
        found.notes.append(f"the last watch is of {moment:%Y-%m-%d}: too old to count")
    elif verdict["version"] != champion:
        found.notes.append(f"{said} of version {verdict['version']}, which is not at work any more")
    elif verdict["verdict"] == HARM:
        _learnable(found, f"{said} since {verdict['since']}", verdict["since"], learnt_until)
    else:
        found.notes.append(said)


def _learnable(found: Decision, said: str, since: str | None, learnt_until: datetime | None) -> None:
    """Have harm ask for a training once one learns from a day of it; before, one would come to what is at work."""
    if since is None or learnt_until is None or date.fromisoformat(since) + timedelta(days=1) <= learnt_until.date():
        found.why.append(said)
        found.harm_since = None if since is None else date.fromisoformat(since)
        return
    found.notes.append(
        f"{said}, but a training now would learn from answers before {learnt_until:%Y-%m-%d} alone, as later ones "
        "validate and test, or have no final label: it asks for one once that is behind the first day of the harm"
    )


def _follow_up(found: Decision, limits: Retrain, done: Sequence[Training], learnt_until: datetime | None) -> None:
    """Have one more training asked for where the last one that was to end a harm has learned from few days of it."""
    last = next((each for each in reversed(done) if not each.failed), None)
    if found.harm_since or last is None or last.harm_since is None or last.learnt_until is None or learnt_until is None:
        return
    began = datetime.combine(last.harm_since, time.min, UTC)
    before, now = ((until - began) / timedelta(days=1) for until in (last.learnt_until, learnt_until))
    if limits.follow_up is None or before >= limits.days:
        return
    found.harm_since = last.harm_since
    said = (
        f"the last training learned from {before:g} days of the harm since {last.harm_since}, "
        f"one now would from {now:g} (retrain.follow_up: {limits.follow_up:g})"
    )
    (found.why if now >= limits.follow_up * max(before, 1.0) else found.notes).append(said)
