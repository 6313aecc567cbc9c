"""A verdict on its version: `verdict.json` among the version's artifacts, and tags to search by."""

from pathlib import Path

from components.registry.gate.comparable import CHAMPION
from components.registry.gate.verdict import Verdict
from components.registry.version import Version

ARTIFACT = "verdict.json"
VERDICT = "journeyman.verdict"
"""Tag of a version: `passed` or `refused`, by the latest verdict on it."""
REASON = f"{VERDICT}.reason"
REFUSALS = f"{VERDICT}.refusals"
"""Names of the rules that refused it, one a line."""
WARNINGS = f"{VERDICT}.warnings"
"""Names of the rules that it does not pass, and that do not refuse it, one a line."""
AGAINST = f"{VERDICT}.champion"
"""Number of the version that it was held against; empty: none."""
KEY = f"{VERDICT}.key"
"""Hash of everything that the verdict depends on; empty: it is not to be remembered."""

_LONGEST = 5000  # characters of a tag, as the least of MLflow's stores takes


def keep(version: Version, verdict: Verdict, key: str | None) -> None:
    """Store the verdict on the version, in place of an earlier one.

    The key goes first and comes last: killed in between, nothing is remembered.
    """
    version.set_tags({KEY: ""})
    version.store({ARTIFACT: verdict.model_dump_json(indent=2) + "\n"})
    passing = CHAMPION in verdict.refusals  # a bundle that could not be fetched may be back tomorrow
    tags = {
        VERDICT: "passed" if verdict.passed else "refused",
        REASON: verdict.reason[:_LONGEST],
        REFUSALS: "\n".join(verdict.refusals)[:_LONGEST],
        WARNINGS: "\n".join(verdict.warnings)[:_LONGEST],
        AGAINST: verdict.champion or "",
        KEY: "" if passing else key or "",
    }
    version.set_tags(tags)


def recall(version: Version, key: str | None) -> Verdict | None:
    """Return the verdict on the version that was reached by all that `key` stands for, if it is kept."""
    return read_verdict(version) if key and version.tags().get(KEY) == key else None


def read_verdict(version: Version) -> Verdict | None:
    """Return the latest verdict on the version; None: it was never judged, or its artifacts are gone."""
    content = version.stored(ARTIFACT, Path.read_bytes)
    return Verdict.model_validate_json(content) if content else None
