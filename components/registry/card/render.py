"""The three forms of a card, by the folder `templates`: the page, Markdown, and the brief that MLflow shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.inference.engine.model import CARD, CARD_PAGE, CARD_TEXT
from components.pages import environment
from components.pages.blocks import Block
from components.registry.card.sections import (
    card_sections,
    cross_validation_table,
    headline,
    metrics_table,
    slices_table,
)
from components.registry.gate import Verdict
from components.tracking.description import LONGEST

_TEMPLATES = Path(__file__).with_name("templates")
_BRIEF_SLICES = 5  # the worst
_BRIEF_REASON = 1_000  # characters


def page(card: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Return `card` as HTML: one file that asks no other address and needs no script, to read, to print, to send.

    Args:
        card: what `card_contents` returns.
        figures: what the evaluation drew, PNG by name.
    """
    template = environment.html(_TEMPLATES).get_template("card.html.jinja")
    return template.render(card=card, headline=headline(card), sections=card_sections(card, figures)) + "\n"


def markdown(card: Mapping[str, Any]) -> str:
    """Return `card` as Markdown: all of it but the pictures."""
    return (
        environment.markdown(_TEMPLATES)
        .get_template("card.md.jinja")
        .render(card=card, sections=card_sections(card, {}))
    )


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
            environment.markdown(_TEMPLATES)
            .get_template("brief.md.jinja")
            .render(
                card=card,
                verdict=verdict.outcome if verdict else "not judged",
                reason=reason if len(reason) <= _BRIEF_REASON else f"{reason[:_BRIEF_REASON]}…",
                tables=tables,
                files=(CARD_PAGE, CARD_TEXT, CARD),
            )
        )
        if len(text) <= LONGEST or not tables:
            return text
        tables.pop()
