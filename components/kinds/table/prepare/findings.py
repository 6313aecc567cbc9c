"""What validation found: written to `report.json`, logged, and held against the user's limits."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from components.config.errors import DataError

if TYPE_CHECKING:
    from components.kinds.table.params import Limits

logger = logging.getLogger(__name__)

EXAMPLES = 3
"""Shown of each finding."""


@dataclass(frozen=True)
class Finding:
    """One sort of thing that is wrong, or worth knowing."""

    count: int
    examples: list[str]
    columns: dict[str, int | float] = field(default_factory=dict)
    """How much of it is in each column."""


Findings = dict[str, Finding]
"""By their names: those of `prepare.limits`, and others that have no limit."""

_ADVICE = {
    "leaks": "Known only afterwards? Then name them in prepare.columns.drop",
    "unordered": "They are put in order if it allows more",
}


def report(findings: Findings) -> dict[str, Any]:
    """Return the findings as they stand in `report.json`."""
    return {name: asdict(finding) for name, finding in findings.items()}


def enforce(findings: Findings, limits: "Limits") -> None:
    """Log the findings.

    Raises:
        DataError: there is more of one than `limits` allows.
    """
    for name, finding in findings.items():
        if finding.count:
            logger.warning("%s: %s", name.replace("_", " "), _shown(finding))
    most: Mapping[str, int | None] = limits.model_dump()
    for name, finding in findings.items():
        allowed = most.get(name)
        if allowed is not None and finding.count > allowed:
            advice = f". {_ADVICE[name]}" if name in _ADVICE else ""
            raise DataError(
                f"{name.replace('_', ' ')}: {_shown(finding)}; prepare.limits.{name} allows {allowed}{advice}"
            )


def _shown(finding: Finding) -> str:
    more = f" and {finding.count - len(finding.examples):,} more" if finding.count > len(finding.examples) else ""
    return f"{finding.count:,} ({', '.join(finding.examples)}{more})"
