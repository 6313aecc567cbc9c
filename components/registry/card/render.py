"""The three forms of a card, by the folder `templates`: the page, Markdown, and the brief that MLflow shows."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from components.inference.engine.model import CARD, CARD_PAGE, CARD_TEXT
from components.registry.card.blocks import Block
from components.registry.card.sections import (
    card_sections,
    cross_validation_table,
    headline,
    metrics_table,
    slices_table,
    verdict_in_words,
)
from components.registry.gate import Verdict
from components.tracking.description import LONGEST

_BRIEF_SLICES = 5  # the worst
_BRIEF_REASON = 1_000  # characters
_FOLDED_FROM = 12  # rows of a table
_NUMBERS = frozenset("0123456789.+-%,")
_LIST_START = re.compile(r"^(\d*)(?=[-+=.)])")  # of a list, a rule, a heading
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#])")


def page(card: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Return `card` as HTML: one file that asks no other address and needs no script, to read, to print, to send.

    Args:
        card: what `card_contents` returns.
        figures: what the evaluation drew, PNG by name.
    """
    template = _html().get_template("card.html.jinja")
    return template.render(card=card, headline=headline(card), sections=card_sections(card, figures)) + "\n"


def markdown(card: Mapping[str, Any]) -> str:
    """Return `card` as Markdown: all of it but the pictures."""
    return _markdown().get_template("card.md.jinja").render(card=card, sections=card_sections(card, {}))


def brief(card: Mapping[str, Any]) -> str:
    """Return verdict, metrics and worst slices of `card` as Markdown, and where the whole card is.

    It is what MLflow shows above the version and above the run that trained it. A table whose cells are so long that
    the whole would be too long is left out.
    """
    verdict = Verdict.model_validate(card["verdict"]) if "verdict" in card else None
    reason = verdict.reason if verdict else ""
    tables: list[Block] = [*metrics_table(card), *cross_validation_table(card), *slices_table(card, most=_BRIEF_SLICES)]
    while True:
        text = (
            _markdown()
            .get_template("brief.md.jinja")
            .render(
                card=card,
                verdict=verdict_in_words(verdict).lower() if verdict else "not judged",
                reason=reason if len(reason) <= _BRIEF_REASON else f"{reason[:_BRIEF_REASON]}…",
                tables=tables,
                files=(CARD_PAGE, CARD_TEXT, CARD),
            )
        )
        if len(text) <= LONGEST or not tables:
            return text
        tables.pop()


@cache
def _html() -> Environment:
    """Return the environment of the page: whatever is put into a template is escaped as HTML."""
    environment = _environment()
    environment.filters["cell_class"] = _cell_class
    environment.globals["folded_from"] = _FOLDED_FROM
    return environment


@cache
def _markdown() -> Environment:
    """Return the environment of Markdown: whatever is put into a template is escaped as Markdown, macros apart."""
    environment = _environment()
    environment.finalize = escape_markdown
    environment.filters["paragraph"] = _paragraph
    environment.filters["command"] = _command
    return environment


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def escape_markdown(text: object) -> Markup:
    """Return the text on one line, with nothing in it that Markdown or HTML would take for its own."""
    return text if isinstance(text, Markup) else Markup(_SPECIAL.sub(r"\\\1", _one_line(text)))  # noqa: S704


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
