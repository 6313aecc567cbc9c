"""What became of a source of interactions, from the report that `prepare` wrote."""

import numpy as np

from components.kinds.interactions.codec import ITEMS
from components.kinds.overview import Finding, Overview
from components.kinds.prepared import PreparedData
from components.system.files import read_json

_SHOWN = 5  # recent items of an example
_EXAMPLES, _OLDEST = 10, 10  # examples that are shown, of so many items


def overview(data: PreparedData) -> Overview:
    """Return how the source was read, what was left out, and what a few users took after what."""
    report = read_json(data.path / "report.json")
    findings = [
        Finding(name, found["count"], "interactions", found["examples"], lost=True)
        for name, found in report["findings"].items()
        if found["count"]
    ]
    return Overview(report["read"], findings, _examples(data))


def _examples(data: PreparedData) -> dict[str, list[str]]:
    names = read_json(data.path / "serving" / ITEMS)
    inputs, labels = data.inputs("test"), data.labels("test")
    found: dict[str, list[str]] = {}
    for row in np.flatnonzero(np.asarray(labels) < _OLDEST)[:_EXAMPLES].tolist():
        recent = [number for number in inputs[row][: data.input["length"]].tolist() if number]
        after = ", ".join(names[number - 1] if number <= len(names) else "?" for number in recent[:_SHOWN][::-1])
        found.setdefault(data.classes[labels[row]], []).append(f"after {after}" if after else "first of all")
    return found
