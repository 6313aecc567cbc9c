"""The gate: whether a challenger may go to work. First form: it must have the higher test metric.

Of one training, in float32 or int8, that one may which `evaluate` has chosen: int8 is within its margin then.
"""

from pydantic import BaseModel, ConfigDict

from components.registry.register import Version


class Rule(BaseModel):
    """One rule, and what it found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    champion: float | None = None
    challenger: float | None = None
    limit: str = ""
    passed: bool | None
    """None: not judged, `note` says why."""
    note: str = ""


class Verdict(BaseModel):
    """What the gate decided. It moves nothing."""

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
    def refusals(self) -> tuple[str, ...]:
        """Names of the rules that are against it."""
        return tuple(rule.name for rule in self.rules if rule.passed is False)


def judge(challenger: Version, current: Version | None) -> Verdict:
    """Hold the challenger against the version that is at work, if there is one."""
    if current is None:
        return _verdict(challenger, None, (), f"version {challenger.number} is the first champion")
    if challenger.number == current.number:
        return _verdict(challenger, current, (), f"version {current.number} is champion already")
    better = Rule(
        name="better",
        champion=current.value,
        challenger=challenger.value,
        limit="higher, or the same training in another precision",
        passed=challenger.value > current.value or _is_other_precision(challenger, current),
    )
    values = f"{challenger.metric} {challenger.value:.4f} against {current.value:.4f}"
    if not better.passed:
        stays = f"version {current.number} stays, version {challenger.number} is not better: {values}"
        return _verdict(challenger, current, (better,), stays)
    if _is_other_precision(challenger, current):
        values = f"the same training in {challenger.precision}: {values}"
    replaces = f"version {challenger.number} replaces version {current.number}: {values}"
    return _verdict(challenger, current, (better,), replaces)


def _is_other_precision(challenger: Version, current: Version) -> bool:
    return challenger.run_id == current.run_id and challenger.precision != current.precision


def _verdict(challenger: Version, current: Version | None, rules: tuple[Rule, ...], reason: str) -> Verdict:
    return Verdict(
        workload=challenger.workload,
        challenger=challenger.number,
        champion=current.number if current else None,
        rules=rules,
        passed=all(rule.passed is not False for rule in rules),
        reason=reason,
    )
