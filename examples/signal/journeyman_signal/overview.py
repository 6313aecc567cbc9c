"""What became of a source of signals, from the report that `prepare` wrote."""

from components.kinds.overview import Finding, Overview
from components.kinds.prepared import PreparedData
from components.system.files import read_json


def overview(data: PreparedData) -> Overview:
    """Return how the source was read, and how many rows were left out."""
    report = read_json(data.path / "report.json")
    lost = [Finding("incomplete", report["incomplete"], "signals", [], lost=True)] if report["incomplete"] else []
    return Overview([f"signals of {report['samples']} samples"], lost)
