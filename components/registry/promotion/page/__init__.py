"""The page on which a person puts a version to work that waits for one: evidence, a reason, one button."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment

from components.pages import environment
from components.pages.blocks import Block
from components.system.loopback import File

_HERE = Path(__file__).parent
_MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Candidate:
    """A version that waits, and what speaks for it."""

    number: str
    blocks: Sequence[Block]


def page(workload: str, champion: str, candidates: Sequence[Candidate], who: str, token: str) -> File:
    """Return the page.

    Args:
        workload: whose versions they are.
        champion: number of the version at work.
        candidates: the latest first.
        who: is asked.
        token: with which the page's requests name themselves.
    """
    template = _html().get_template("promote.html.jinja")
    said = {"workload": workload, "champion": champion, "candidates": candidates, "who": who, "token": token}
    content = template.render(**said, headline=[], sections=[])
    return f"{content}\n".encode(), "text/html; charset=utf-8"


@cache
def files() -> dict[str, File]:
    """Return what the page loads, by path."""
    shared = environment.html(_HERE).get_template("page.css").render().encode()
    own = {
        f"/{path.name}": (path.read_bytes(), _MEDIA[path.suffix]) for path in _HERE.iterdir() if path.suffix in _MEDIA
    }
    return own | {"/page.css": (shared, _MEDIA[".css"])}


@cache
def _html() -> Environment:
    return environment.html(_HERE / "templates")
