"""What became of a source of recordings, from the report that `prepare` wrote."""

from components.kinds.overview import SHOWN, Finding, Overview
from components.kinds.prepared import PreparedData
from components.system.files import read_json

_LOST = ("copies of test recordings",)


def overview(data: PreparedData) -> Overview:
    """Return how the source was read, and what was left out and why."""
    report = read_json(data.path / "report.json")
    found, ignored = report["unreadable"], report["ignored"]
    examples = [f"{name}: {why}" for name, why in list(found.items())[:SHOWN]]
    findings = [Finding("not used", len(found), "recordings", examples, lost=True)] if found else []
    findings += [
        Finding(name, len(names), "recordings", names[:SHOWN], lost=name in _LOST)
        for name, names in report.get("findings", {}).items()
        if names
    ]
    findings += [Finding("passed over", len(ignored), "files", ignored[:SHOWN])] if ignored else []
    return Overview(report["read"], findings)
