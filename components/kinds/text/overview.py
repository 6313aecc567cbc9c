"""What became of a source of texts, from the report that `prepare` wrote."""

from components.kinds.overview import SHOWN, Finding, Overview, first_by_class
from components.kinds.prepared import PreparedData
from components.kinds.text.codec.characters import decode
from components.system.files import read_json

_KEPT = ("with several labels",)
_SHOWN = 80  # characters of an example


def overview(data: PreparedData) -> Overview:
    """Return how the source was read, what was found wrong with it, and the first test texts of each class."""
    report = read_json(data.path / "report.json")
    findings = [
        Finding(name, found["count"], "texts", found["examples"], lost=name not in _KEPT)
        for name, found in report["findings"].items()
        if found["count"]
    ]
    if ignored := report.get("ignored", []):
        findings.append(Finding("passed over", len(ignored), "parts of the source", ignored[:SHOWN]))
    inputs = data.inputs("test")
    examples = {name: [decode(inputs[row])[:_SHOWN] for row in rows] for name, rows in first_by_class(data).items()}
    return Overview(report["read"], findings, examples)
