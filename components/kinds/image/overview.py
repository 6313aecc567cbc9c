"""What became of a source of pictures, from the report that `prepare` wrote."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.kinds.overview import SHOWN, Finding, Overview
from components.kinds.prepared import PreparedData
from components.system.files import read_json

_TOLD = ("read", "examples")  # what the report holds besides findings
_PASSED_OVER = "ignored"  # files that are no labelled pictures
_LABELS = ("empty_labels", "tiny_classes")
_LOST = ("unreadable", "duplicates", "missing", "unlabelled")


def overview(data: PreparedData) -> Overview:
    """Return how the source was read, what was found wrong with it, and the first pictures of each class."""
    report: dict[str, Any] = read_json(data.path / "report.json")
    findings = [_finding(name, found) for name, found in report.items() if name not in _TOLD and found]
    return Overview(report.get("read", []), findings, report.get("examples", {}))


def _finding(name: str, found: Mapping[str, Any] | Sequence[str]) -> Finding:
    examples = list(found)[:SHOWN]
    if isinstance(found, Mapping):
        examples = [f"{example}: {found[example]}" for example in examples]
    if name == _PASSED_OVER:
        return Finding("passed over", len(found), "files", examples)
    of = "labels" if name in _LABELS else "pictures"
    return Finding(name.replace("_", " "), len(found), of, examples, lost=name in _LOST)
