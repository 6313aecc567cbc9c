"""A version's report as curves: values by metric and day."""

import re
from datetime import date

from components.watch.report import VersionReport

_NOT_TAKEN = re.compile(r"[^\w\-. :/]")  # by MLflow, in the name of a metric


def curves(version: VersionReport) -> dict[str, dict[date, float]]:
    """Return the points of each curve: rows, latency, quality and its interval, what is expected, drift."""
    found: dict[str, dict[date, float]] = {}

    def point(name: str, day: date, value: float | None) -> None:
        if value is not None:
            found.setdefault(_NOT_TAKEN.sub("_", name), {})[day] = float(value)

    for traffic in version.traffic:
        point("traffic/rows", traffic.day, traffic.rows)
        point("traffic/labelled", traffic.day, traffic.labelled)
        point("traffic/p99_ms", traffic.day, traffic.p99_ms)
    alone = [("expected", version.expected), ("active", version.active)]
    measured = [("quality", quality) for quality in version.quality]
    for kind, quality in [*measured, *((kind, quality) for kind, quality in alone if quality)]:
        for day in quality.days:
            point(f"{kind}/{quality.metric}", day.day, day.value)
            point(f"{kind}/{quality.metric}/low", day.day, day.low)
            point(f"{kind}/{quality.metric}/high", day.day, day.high)
    for drift in version.drift:
        point("drift/columns", drift.day, len(drift.drifted))
    return found | _embedding(version)


def _embedding(version: VersionReport) -> dict[str, dict[date, float]]:
    return {"drift/embedding": {version.embedding.day: version.embedding.size}} if version.embedding else {}
