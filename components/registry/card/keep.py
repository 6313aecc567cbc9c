"""A card on its version: `card.json`, `card.md` and `card.html` among the version's artifacts."""

import json
from pathlib import Path
from typing import Any

from components import catalogue
from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.inference.engine.model import CARD, CARD_PAGE, CARD_TEXT
from components.kinds.prepared import open_prepared
from components.registry.answers import version_answers
from components.registry.card.contents import card_contents
from components.registry.card.measurements import Measurements, measure_card
from components.registry.card.render import brief, markdown, page
from components.registry.version import Version
from components.tracking.description import describe_run, describe_version
from components.tracking.runs import stand_in_note
from components.tracking.store import open_client

_FIGURES = "report/figures"
"""Artifacts of the run."""


def keep_card(version: Version) -> dict[str, Any]:
    """Return the card's files by name, JSON or text, after storing them on the version, and in brief above it.

    What was measured once is not measured again, and a card that says the same is not stored again. `card.json` is
    stored last: killed before, it all happens again.
    """
    before = version.card()
    card = card_contents(version, _measured(version, before))
    drawn = figures(version)
    files = {CARD_TEXT: markdown(card), CARD_PAGE: page(card, drawn), CARD: card}
    if json.loads(json.dumps(card)) != before:
        _describe(version, brief(card))
        version.store(files)
    return files


def figures(version: Version) -> dict[str, bytes]:
    """Return what the evaluation of the version drew, PNG by name; nothing where the run has lost it."""
    return version.stored_by_run(_FIGURES, _pictures) or {}


def _measured(version: Version, before: dict[str, Any] | None) -> Measurements | None:
    """Return what an earlier card says; else measure it, where the data is at hand."""
    if before and "measured" in before:
        return Measurements.model_validate_json(json.dumps(before["measured"]))
    if not (prepared := artifacts(version.workload, "prepared")).exists():
        return None
    data, workload = open_prepared(prepared), catalogue.workload(version.workload)
    return measure_card(Bundle(version.bundle()), data, workload, version_answers(version))


def _describe(version: Version, text: str) -> None:
    """Show `text` above the version and above the run that trained it."""
    client = open_client()
    describe_version(client, version.workload, version.number, text)
    note = stand_in_note(client.get_run(version.run_id))
    describe_run(client, version.run_id, "\n\n".join(filter(None, [text, note])))


def _pictures(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.png"))}
