"""The history of what was at work: entries that are only ever added, and what follows from them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from components.system.clock import now

What = Literal["promoted", "overridden", "rolled back", "by hand"]
"""By the gate; by a person against or without the gate; by a person, back; by a person, in MLflow itself."""

BY_ITSELF = "flow shadow"
"""How an entry begins its `by` where the flow has decided, not the person who started it."""
MOVED = "moved"
"""Mark of an entry whose aliases stand as it says."""
PUBLISHED = "published"
"""Mark of an entry whose version endpoints were told to follow."""


class Entry(BaseModel):
    """One change of what is at work."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True)

    number: int = Field(ge=1)
    """Its place in the history."""
    id: str = Field(default_factory=lambda: uuid4().hex)
    """Of this entry alone: two writers never write the same one."""
    when: AwareDatetime = Field(default_factory=now)
    """By the writer's clock; what comes before what, `number` says."""
    what: What
    by: str
    """The flow and its run, or the person."""
    left: str | None = Field(alias="from")
    """The version at work before; None: there was none."""
    to: str | None
    """The version at work from here on; None: somebody took the alias away."""
    reason: str = ""
    """Why, in the person's words."""
    verdict: str = ""
    """What the gate said of it."""
    refusals: tuple[str, ...] = ()
    """The gate's rules that were against it."""


class Step(BaseModel):
    """One step of a version that is tried; each is taken once. It changes nothing of what is at work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trial: Literal["shadow", "canary"]
    what: Literal["waits", "began", "passed", "stopped"]
    version: str
    against: str | None
    """The champion beside which it is tried."""
    when: AwareDatetime = Field(default_factory=now)
    by: str = ""
    """The flow and its run."""
    why: str = ""
    """By what it was decided."""
    share: float = 0.0
    """Of all entities, what a canary answers."""
    id: str = Field(default_factory=lambda: uuid4().hex)
    """Of this step alone; of a canary's beginning it is that of the trial, which endpoints go by."""

    @property
    def key(self) -> str:
        """What it is called where steps are kept: one that has passed cannot be stopped as well."""
        return f"trial.{self.version}.{self.trial}.{'ended' if self.what in ('passed', 'stopped') else self.what}"


@dataclass(frozen=True)
class History:
    """What the entries say, up to the last."""

    entries: tuple[Entry, ...] = ()
    marks: frozenset[tuple[int, str]] = frozenset()
    """An entry's number with `MOVED` or `PUBLISHED`."""
    steps: tuple[Step, ...] = ()
    """Of the versions that were tried, in the order of time."""

    @property
    def last(self) -> Entry | None:
        """The last entry."""
        return self.entries[-1] if self.entries else None

    @property
    def length(self) -> int:
        """How many entries and steps there are: whoever reads a higher number knows more."""
        return len(self.entries) + len(self.steps)

    @property
    def champion(self) -> str | None:
        """The version that is at work."""
        return self.last.to if self.last else None

    def champion_at(self, moment: datetime) -> str | None:
        """Return the version that was at work at a moment; None: none was, or nothing is known of then."""
        return next((entry.to for entry in reversed(self.entries) if entry.when <= moment), None)

    @property
    def behind(self) -> tuple[str, ...]:
        """Where rolling back leads, the nearest first: what was at work before, less what was taken back since."""
        versions: tuple[str, ...] = ()
        for entry in self.entries:
            versions = _behind(versions, entry)
        return versions

    def was_at_work(self, version: str) -> bool:
        """Whether the version has ever been champion."""
        return any(entry.to == version for entry in self.entries)

    def taken_back(self, version: str) -> bool:
        """Whether it was a person who last took the version from its work: the gate leaves it so."""
        ends = [entry for entry in self.entries if entry.left == version]
        return bool(ends) and self.champion != version and ends[-1].what != "promoted"

    @property
    def rolled_back_by_itself(self) -> Entry | None:
        """The rollback that no person has decided, where none has decided anything since."""
        for entry in reversed(self.entries):
            if entry.what == "rolled back" and entry.by.startswith(BY_ITSELF):
                return entry
            if entry.what != "promoted":
                return None
        return None

    def ended(self, version: str, trial: str) -> Step | None:
        """Return how the trial of a version ended; None: it has not."""
        return next((step for step in self.steps if step.key == f"trial.{version}.{trial}.ended"), None)

    def began(self, version: str, trial: str) -> Step | None:
        """Return the step with which the trial of a version began; None: it has not, or only a tag says so."""
        return next((step for step in self.steps if step.key == f"trial.{version}.{trial}.began"), None)

    @property
    def canary(self) -> Step | None:
        """The step with which the canary began that is tried now; None: nothing is."""
        began = (step for step in self.steps if (step.trial, step.what) == ("canary", "began"))
        return next((step for step in began if not self.ended(step.version, "canary")), None)

    @property
    def shadow(self) -> Step | None:
        """The step with which the latest shadow began of those that are tried now; None: nothing is."""
        began = (step for step in reversed(self.steps) if (step.trial, step.what) == ("shadow", "began"))
        tried = (step for step in began if not self.ended(step.version, "shadow"))
        return next((step for step in tried if step.version != self.champion), None)

    @property
    def last_canary(self) -> Step | None:
        """The step with which the last canary began whose trial has ended; None: none has."""
        return self._last("canary")

    @property
    def last_shadow(self) -> Step | None:
        """The same of a shadow."""
        return self._last("shadow")

    def _last(self, trial: str) -> Step | None:
        began = (step for step in reversed(self.steps) if (step.trial, step.what) == (trial, "began"))
        return next((step for step in began if self.ended(step.version, trial)), None)

    @property
    def passed_canary(self) -> Step | None:
        """How the last canary ended, if it has passed beside the champion of today, and was never at work itself."""
        ends = [step for step in self.steps if step.trial == "canary" and step.what in ("passed", "stopped")]
        last = ends[-1] if ends else None
        passed = last is not None and last.what == "passed" and last.against == self.champion
        return last if last and passed and not self.was_at_work(last.version) else None

    @property
    def waiting(self) -> Step | None:
        """The latest step with which a version began to wait to be a canary, and has not been one; None: none has."""
        known = {step.version for step in self.steps if step.trial == "canary" and step.what != "waits"}
        waits = [step for step in self.steps if step.what == "waits" and step.version not in known]
        return waits[-1] if waits else None

    def marked(self, entry: Entry, mark: str) -> bool:
        """Whether the entry has the mark."""
        return (entry.number, mark) in self.marks


def _behind(versions: tuple[str, ...], entry: Entry) -> tuple[str, ...]:
    """Return what is behind the champion after `entry`, given what was before it.

    Going back to one of them, by rollback or by hand, forgets those that were nearer: they were taken back.
    """
    if entry.what in ("rolled back", "by hand") and entry.to in versions:
        return versions[versions.index(entry.to) + 1 :]
    if entry.left is None or entry.to is None:
        return versions
    return (entry.left, *versions)
