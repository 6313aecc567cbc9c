"""The environments of the templates: whatever is put into one is escaped for its form."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_SHARED = Path(__file__).with_name("templates")
_FOLDED_FROM = 12  # rows of a table
_NUMBERS = frozenset("0123456789.+-%,")
_LIST_START = re.compile(r"^(\d*)(?=[-+=.)])")  # of a list, a rule, a heading
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#])")


@cache
def html(templates: Path) -> Environment:
    """Return the environment of pages in the folder `templates`, beside those of this package."""
    environment = _environment(templates)
    environment.filters["cell_class"] = _cell_class
    environment.globals["folded_from"] = _FOLDED_FROM
    return environment


@cache
def markdown(templates: Path) -> Environment:
    """Return the same for Markdown; what is put into a template is escaped as Markdown, macros apart."""
    environment = _environment(templates)
    environment.finalize = escape_markdown
    environment.filters["paragraph"] = _paragraph
    environment.filters["command"] = _command
    return environment


def escape_markdown(text: object) -> Markup:
    """Return the text on one line, with nothing in it that Markdown or HTML would take for its own."""
    return text if isinstance(text, Markup) else Markup(_SPECIAL.sub(r"\\\1", _one_line(text)))  # noqa: S704


def _environment(templates: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader([templates, _SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _paragraph(text: str) -> Markup:
    """Return the text as a paragraph that does not begin as a list does."""
    return Markup(_LIST_START.sub(r"\1\\", str(escape_markdown(text))))  # noqa: S704


def _command(text: str) -> Markup:
    """Return the text as it is, on one line."""
    return Markup(_one_line(text))  # noqa: S704


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _cell_class(text: str) -> str:
    """Return the class of a table's cell: a number, a refusal, or nothing."""
    return "number" if text and set(text) <= _NUMBERS else "no" if text == "NO" else ""
