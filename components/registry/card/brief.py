"""The card in brief: what MLflow shows above the version and above the run that trained it."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.inference.engine.model import CARD, CARD_PAGE, CARD_TEXT
from components.registry.card.blocks import Block, Command, Words
from components.registry.card.markdown import plain, written
from components.registry.card.parts import metrics_table, said, slices_table
from components.registry.gate import Verdict
from components.tracking.description import LONGEST

_SLICES = 5  # the worst
_REASON = 1_000  # characters


def brief(card: Mapping[str, Any]) -> str:
    """Return verdict, metrics and worst slices of `card` as Markdown, and where the whole card is."""
    parts = [_verdict(card), *map(written, _blocks(card))]
    while len("\n\n".join(parts)) > LONGEST:
        del parts[-3]  # a table whose cells are long: the whole card has it
    return "\n\n".join(parts)


def _verdict(card: Mapping[str, Any]) -> str:
    title = f"**{plain(card['name'])} {plain(card['version'])}"
    if "verdict" not in card:
        return f"{title}: not judged**"
    verdict = Verdict.model_validate(card["verdict"])
    reason = verdict.reason if len(verdict.reason) <= _REASON else f"{verdict.reason[:_REASON]}…"
    return f"{title}: {said(verdict).lower()}**, {plain(reason)}"


def _blocks(card: Mapping[str, Any]) -> Sequence[Block]:
    page = f"models:/{card['name']}/{card['version']}/{CARD_PAGE}"
    return [
        *metrics_table(card),
        *slices_table(card, most=_SLICES),
        Words(f"The whole card is {CARD_PAGE}, {CARD_TEXT} and {CARD} among the artifacts of the version:"),
        Command(f"mlflow artifacts download --artifact-uri {page}"),
    ]
