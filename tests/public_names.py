"""The names that users have, in `tests/public_names.txt`: what they wrote, stored and built on outlives our words."""

from collections.abc import Iterable
from pathlib import Path

PAGE = Path(__file__).with_suffix(".txt")


def held(section: str) -> list[str]:
    """Return the names that the page has in a section."""
    sections = {part.partition("]\n")[0]: part.partition("]\n")[2].split() for part in PAGE.read_text().split("\n[")}
    return sections[section]


def differences(section: str, found: Iterable[str]) -> str:
    """Return what to do about names that came or went, one line each; nothing where all is as the page says."""
    now, before = set(found), set(held(section))
    gone = [
        f"{name} is gone, and users have it: keep the word, or read the old one too and tell in one line of the new; "
        "only then take it out of the page"
        for name in sorted(before - now)
    ]
    new = [f"{name} is new: write it into the page, if its name is to stay for good" for name in sorted(now - before)]
    return "\n".join(f"{PAGE.name} [{section}]: {line}" for line in gone + new)
