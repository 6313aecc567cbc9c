"""When a workload has come to its last version."""

from datetime import UTC, datetime

from components.tracking.store import open_client


def last_registered(workload: str) -> datetime | None:
    """Return when the last version was registered; None: there is none."""
    found = open_client().search_model_versions(f"name = '{workload}'")
    moments = [version.creation_timestamp for version in found]
    return datetime.fromtimestamp(max(moments) / 1e3, UTC) if moments else None
