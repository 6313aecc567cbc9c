"""What the gate found: one row a rule, which passes, warns or refuses; and whether the challenger may be champion."""

from collections.abc import Iterable
from itertools import groupby

from pydantic import BaseModel, ConfigDict

COLUMNS = ["rule", "champion", "challenger", "limit", "passed", "note"]
"""Of the table."""

_FEW = 3  # rows of a group that are shown in any case


class Rule(BaseModel):
    """One rule. `name` begins with its group and a colon: `slice: class: Bag`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    champion: float | None = None
    challenger: float | None = None
    limit: str = ""
    passed: bool | None
    """None: not judged, `note` says why."""
    warns: bool = False
    """A rule that is not passed warns, and does not refuse."""
    note: str = ""
    lower_is_better: bool = False
    """Whether a lower number is better."""

    @property
    def group(self) -> str:
        """What it is one of."""
        return self.name.partition(":")[0]

    @property
    def refuses(self) -> bool:
        """Whether it keeps the challenger from work."""
        return self.passed is False and not self.warns

    def row(self) -> list[str]:
        """Return its row of the table."""
        passed = {True: "yes", False: "warns" if self.warns else "NO", None: "not judged"}[self.passed]
        return [self.name, _number(self.champion), _number(self.challenger), self.limit, passed, self.note]


class Verdict(BaseModel):
    """What the gate decided of a challenger. It says so; it moves nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workload: str
    challenger: str
    """Number of the version."""
    champion: str | None
    """Number of the version that it was held against; None: there was none."""
    rules: tuple[Rule, ...]
    passed: bool
    reason: str

    @property
    def outcome(self) -> str:
        """The decision in words: `passed`, `passed with warnings` or `refused`."""
        if not self.passed:
            return "refused"
        return "passed with warnings" if self.warnings else "passed"

    @property
    def against(self) -> str:
        """What it was held against, in words."""
        return f"version {self.champion}" if self.champion else "no champion"

    @property
    def refusals(self) -> tuple[str, ...]:
        """Names of the rules that refused it."""
        return tuple(rule.name for rule in self.rules if rule.refuses)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Names of the rules that it does not pass, and that do not refuse it."""
        return tuple(rule.name for rule in self.rules if rule.passed is False and rule.warns)

    def rows(self) -> list[list[str]]:
        """Return the table, in the order of `COLUMNS`."""
        return [rule.row() for rule in self.rules]

    def short(self) -> list[list[str]]:
        """Return the table for a console: of each group that passed as a whole only the row that came closest."""
        groups = [list(group) for _, group in groupby(self.rules, key=lambda rule: rule.group)]
        return [row for group in groups for row in _short(group)]


def decided(workload: str, challenger: str, champion: str | None, rules: Iterable[Rule], headline: str) -> Verdict:
    """Return the verdict that follows from the rules: one that refuses is enough.

    Args:
        workload: whose versions they are.
        challenger: number of the version that was evaluated.
        champion: number of the version at work, if there is one.
        rules: what was found.
        headline: what to say where none refuses; what warns is added.
    """
    found = tuple(rules)
    refusing = "; ".join(_because(rule) for rule in found if rule.refuses)
    warning = "; ".join(_because(rule) for rule in found if rule.passed is False and not rule.refuses)
    accepted = f"{headline}, with a warning of {warning}" if warning else headline
    stays = f"version {champion} stays, " if champion else ""
    return Verdict(
        workload=workload,
        challenger=challenger,
        champion=champion,
        rules=found,
        passed=not refusing,
        reason=f"{stays}version {challenger} is refused by {refusing}" if refusing else accepted,
    )


def _because(rule: Rule) -> str:
    found = "" if rule.challenger is None else f"{_number(rule.challenger)}, limit {rule.limit}"
    return f"{rule.name} ({', '.join(filter(None, [found, rule.note]))})"


def _short(group: list[Rule]) -> list[list[str]]:
    refused = [rule.row() for rule in group if rule.passed is False]  # and what warns
    if refused or len(group) <= _FEW:
        return refused or [rule.row() for rule in group]
    judged = [rule for rule in group if rule.passed] or group
    name, *closest = min(judged, key=_gain).row()
    count = f"all {len(judged)}" if len(judged) == len(group) else f"{len(judged)} of {len(group)} judged"
    return [[f"{name} ({count})", *closest]]


def _gain(rule: Rule) -> float:
    """Return what the challenger is better by, or how good it is where there is nothing to compare with."""
    if rule.challenger is None:
        return 0.0
    gain = rule.challenger - (rule.champion or 0.0)
    return -gain if rule.lower_is_better else gain


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
