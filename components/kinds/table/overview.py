"""What became of a table, from the report that `prepare` wrote."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq

from components.kinds.overview import SHOWN, Finding, Overview, first_by_class
from components.kinds.prepared import PreparedData
from components.system.files import read_json

_COLUMNS = ("extra", "unused", "leaks", "constant", "placeholders")  # findings about columns, not records
_KEPT = ("unordered", "unknown", "conflicts")  # records that are used all the same, or counted elsewhere
_FIELDS = 6  # columns of an example
_WIDTH = 24  # characters of a value


def overview(data: PreparedData) -> Overview:
    """Return how the table was read, what was found wrong with it, and the first test records of each class."""
    report: dict[str, Any] = read_json(data.path / "report.json")
    findings = [_finding(name, found) for name, found in report["findings"].items() if found["count"]]
    return Overview(report.get("read", []), findings, _examples(data), _days(report["splits"].get("train")))


def _days(span: list[str] | float | None) -> float | None:
    """Return how many days there are between two moments in words; None: a split that was drawn has a share instead."""
    if not isinstance(span, list):
        return None
    first, end = map(datetime.fromisoformat, span)
    return (end - first).total_seconds() / 86_400


def _finding(name: str, found: Mapping[str, Any]) -> Finding:
    of = "columns" if name in _COLUMNS else "records"
    lost = of == "records" and name not in _KEPT
    return Finding(name.replace("_", " "), found["count"], of, found["examples"][:SHOWN], lost)


def _examples(data: PreparedData) -> dict[str, list[str]]:
    indices = first_by_class(data)
    records = pq.read_table(data.path / "test_records.parquet", memory_map=True)
    return {name: [_shown(record) for record in records.take(found).to_pylist()] for name, found in indices.items()}


def _shown(record: Mapping[str, Any]) -> str:
    pairs = [f"{name} {_value(value)}" for name, value in list(record.items())[:_FIELDS]]
    return ", ".join([*pairs, *(["…"] if len(record) > _FIELDS else [])])


def _value(value: Any) -> str:
    text = value.isoformat(" ") if isinstance(value, datetime) else "missing" if value is None else str(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
