"""Kinds and tasks of installed packages, which name them as entry points: `journeyman.kinds`, `journeyman.tasks`.

An entry point names a package whose parts are those of a package of `components/kinds` or `components/tasks`:

    [project.entry-points."journeyman.kinds"]
    signal = "journeyman_signal"
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal

from components.config.errors import ConfigError

What = Literal["kind", "task"]

CONSTRAINTS = Path("constraints.txt")
GROUPS: dict[What, str] = {"kind": "journeyman.kinds", "task": "journeyman.tasks"}


@dataclass(frozen=True)
class Extension:
    """A kind or a task of an installed package."""

    package: str
    """What is imported: its parts stand below it."""
    distribution: str
    version: str

    @property
    def requirement(self) -> str:
        """What pip installs, `journeyman-signal==0.1.0`."""
        return f"{self.distribution}=={self.version}"


@cache
def extensions(what: What) -> dict[str, Extension]:
    """Return the installed kinds or tasks by their names.

    Raises:
        ConfigError: two packages have one of the same name.
    """
    found: dict[str, Extension] = {}
    for point in entry_points(group=GROUPS[what]):
        distribution = point.dist
        assert distribution is not None  # of an installed package
        one = Extension(point.value, distribution.name, distribution.version)
        other = found.setdefault(point.name, one)
        if other.distribution != one.distribution:
            raise ConfigError(
                f"{what} {point.name}: {other.requirement} and {one.requirement} both have one; uninstall either"
            )
    return found


def check_pinned(extension: Extension) -> None:
    """Check that `constraints.txt` names the version that is installed: by it DVC and the lineage know of another one.

    Raises:
        ConfigError: it names none, or another one.
    """
    pins = dict(line.split("==", 1) for line in CONSTRAINTS.read_text(encoding="utf-8").split() if "==" in line)
    versions = {_normalized(name): version for name, version in pins.items()}
    pinned = versions.get(_normalized(extension.distribution))
    if pinned is None:
        raise ConfigError(
            f"{CONSTRAINTS}: does not name {extension.distribution}, which is installed: write {extension.requirement} "
            "there, by which a later version is noticed"
        )
    if pinned != extension.version:
        raise ConfigError(
            f"{CONSTRAINTS}: {extension.distribution}=={pinned}, but {extension.version} is installed: install that "
            f"version, or write {extension.requirement}"
        )


def _normalized(distribution: str) -> str:
    """Return the name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
