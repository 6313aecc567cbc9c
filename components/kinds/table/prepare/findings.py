"""What validation found: written to `report.json`, logged, and held against the user's limits."""

import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from components.config.errors import DataError

if TYPE_CHECKING:
    from components.kinds.table.params import Limits

logger = logging.getLogger(__name__)

EXAMPLES = 3
"""Shown of each finding."""
FEW = 3
"""Records whose times may be stray, however small the table is."""


@dataclass(frozen=True)
class Finding:
    """One sort of thing that is wrong, or worth knowing."""

    count: int
    examples: list[str]
    columns: dict[str, int | float] = field(default_factory=dict)
    """How much of it is in each column."""
    usual: dict[str, float] = field(default_factory=dict)
    """Which part of the records may have it in each column, whatever the limit."""


Findings = dict[str, Finding]
"""By their names: those of `prepare.limits`, and others that have no limit."""

_ADVICE = {
    "conflicts": "Their ids are those of earlier records, and the rest is not; is prepare.columns.id the right column?",
    "future": "These times have not come, or stand for none; are they read in the right way?",
    "invalid": "A record needs a time, if one is named, and numbers and dates that can be read",
    "leaks": "Known only afterwards? Then name them in prepare.columns.drop",
    "out_of_range": "The range is the schema's; change it there if such numbers are right",
    "stray_times": "Their times are far from all others, or stand for none; mend them",
    "unknown": "The schema lists the values that are known; mend the data, or add the new values there",
    "unordered": "They are put in order if it allows more",
}
_KEPT = ("unknown", "unordered")  # the records are used all the same


def report(findings: Findings) -> dict[str, Any]:
    """Return the findings as they stand in `report.json`."""
    return {name: asdict(finding) for name, finding in findings.items()}


def enforce(findings: Findings, limits: "Limits", rows: int) -> None:
    """Log the findings that `limits` allows.

    Raises:
        DataError: there is more of one than is allowed in a table of `rows`.
    """
    most: Mapping[str, int | float | None] = limits.model_dump()
    errors = []
    for name, finding in findings.items():
        allowed = most.get(name)
        if allowed is not None and finding.count and _exceeds(name, finding, allowed, rows):
            errors.append(_error(name, finding, allowed, rows))
        elif finding.count:
            logger.warning("%s: %s", name.replace("_", " "), _shown(finding))
    if errors:
        raise DataError(errors[0])


def _exceeds(name: str, finding: Finding, allowed: float, rows: int) -> bool:
    if isinstance(allowed, int):
        return finding.count > allowed
    if name == "unknown":
        return any(
            count > max(allowed, finding.usual.get(column, 0.0)) * rows for column, count in finding.columns.items()
        )
    return finding.count > max(allowed * rows, FEW if name == "stray_times" else 0)


def _error(name: str, finding: Finding, allowed: float, rows: int) -> str:
    part = "" if name == "leaks" else f", {finding.count / rows:.1%} of the records"
    said = f"{name.replace('_', ' ')}: {_shown(finding)}{part}; prepare.limits.{name} allows {allowed}"
    advice = f". {_ADVICE[name]}" if name in _ADVICE else ""
    if isinstance(allowed, int):
        return f"{said}{advice}"
    enough = math.ceil(finding.count / rows * 100) / 100
    return f"{said}{advice}; or set prepare.limits.{name}: {enough} to {'go on' if name in _KEPT else 'leave them out'}"


def _shown(finding: Finding) -> str:
    more = f" and {finding.count - len(finding.examples):,} more" if finding.count > len(finding.examples) else ""
    return f"{finding.count:,} ({', '.join(finding.examples)}{more})"
