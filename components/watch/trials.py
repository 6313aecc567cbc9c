"""What versions are tried on live work, and what was found of them last; no log is read here."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from components.system.files import write_content

FILE = "trials.json"
"""What `flows.shadow` found last of each trial, in the folder of the watch."""
LATELY = timedelta(days=30)
"""For how long a trial that has ended is shown."""
_MOST = 20  # findings that are kept

Kind = Literal["shadow", "canary", "reverse shadow"]
"""`reverse shadow`: the champion before a promotion beside the one that was promoted."""
State = Literal["waits", "runs", "passed", "stopped", "over", "rolled back"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Finding(_Part):
    """What the last comparison of a trial said."""

    kind: Kind
    version: str
    against: str
    """The version beside which it is tried."""
    when: AwareDatetime
    answers: int
    """Rows that were asked again."""
    labelled: int = 0
    metric: str = ""
    before: float | None = None
    """Of the version beside which it is tried, on the labelled rows."""
    now: float | None = None
    better: int = 0
    """Labelled rows on which the tried version's loss is smaller."""
    worse: int = 0
    evidence: float | None = None
    """E, against the hypothesis that they are as good; None: `why`."""
    needed: float | None = None
    """Where E decides: 1 / `gate.error`."""
    course: tuple[tuple[int, float], ...] = ()
    """E after some of the labelled rows."""
    why: str = ""
    """Why nothing can be compared."""
    cost: str = ""
    """What its answers cost in the endpoints, as those have measured it."""


class Trial(_Part):
    """One trial, as the history tells it."""

    kind: Kind
    version: str
    against: str | None
    since: datetime
    until: datetime | None = None
    """When it ended; None: it has not."""
    state: State
    share: float | None = None
    """Of all entities, what a canary answers."""
    why: str = ""
    """By what it ended."""
    found: Finding | None = None
    """None: it was not compared, or that is not kept any more."""


class _Kept(_Part):
    format: Literal[1] = 1
    findings: tuple[Finding, ...]


def read_findings(folder: Path) -> tuple[Finding, ...]:
    """Return what was found last of each trial, by the folder of a watch; nothing where that cannot be read.

    The next run of `flows.shadow` finds it again.
    """
    try:
        return _Kept.model_validate_json((folder / FILE).read_bytes()).findings
    except (OSError, ValidationError):
        return ()


def keep_finding(folder: Path, finding: Finding) -> None:
    """Keep what was found of a trial in the folder of a watch, in place of what was found of it before."""
    others = [each for each in read_findings(folder) if _trial(each) != _trial(finding)]
    latest = sorted([*others, finding], key=lambda each: each.when)[-_MOST:]
    write_content(folder / FILE, _Kept(findings=tuple(latest)).model_dump_json(indent=1) + "\n")


def with_findings(trials: list[Trial], findings: tuple[Finding, ...], until: datetime) -> tuple[Trial, ...]:
    """Return the trials with what was found of each before `until`."""
    there = {_trial(each): each for each in findings if each.when <= until}
    return tuple(each.model_copy(update={"found": _of(each, there.get(_trial(each)))}) for each in trials)


def _trial(of: Finding | Trial) -> tuple[str, str, str | None]:
    return of.kind, of.version, of.against


def _of(trial: Trial, found: Finding | None) -> Finding | None:
    """Return the finding if it is of this trial, not of one before it of the same versions."""
    return found if found and found.when >= trial.since else None
