"""Versions of a workload, the latest first."""

from datetime import UTC, datetime

from components.registry.version import Version, as_version
from components.tracking.store import open_client


def last_registered(workload: str) -> datetime | None:
    """Return when the last version was registered; None: there is none."""
    found = open_client().search_model_versions(f"name = '{workload}'")
    moments = [version.creation_timestamp for version in found]
    return datetime.fromtimestamp(max(moments) / 1e3, UTC) if moments else None


def tagged(workload: str, tag: str) -> list[Version]:
    """Return the versions that have a tag, the latest first."""
    return [version for version, _ in with_tags(workload, tag)]


def with_tags(workload: str, tag: str) -> list[tuple[Version, dict[str, str]]]:
    """Return the versions that have a tag, each with all of its tags, the latest first."""
    found = open_client().search_model_versions(f"name = '{workload}'")
    there = [(as_version(version), dict(version.tags)) for version in found if tag in version.tags]
    return sorted(there, key=lambda each: -int(each[0].number))
