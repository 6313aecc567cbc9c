"""A card on its version: `card.json`, `card.md` and `card.html` among the version's artifacts."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.inference.engine.model import CARD, CARD_PAGE, CARD_TEXT
from components.kinds import catalogue
from components.kinds.prepared import open_prepared
from components.registry.artifacts import downloaded
from components.registry.card.brief import brief
from components.registry.card.contents import card_contents
from components.registry.card.markdown import markdown
from components.registry.card.measured import Measured, measured
from components.registry.card.page import page
from components.registry.register import Version, version_bundle
from components.system.files import read_json, write_content
from components.tracking.description import describe_run, describe_version
from components.tracking.runs import stand_in_note
from components.tracking.store import open_store

_Content = TypeVar("_Content")

_FIGURES = "report/figures"
"""Artifacts of the run."""


def keep_card(version: Version) -> dict[str, Any]:
    """Return the card's files by name, JSON or text, after storing them on the version, and in brief above it.

    What was measured once is not measured again, and a card that says the same is not stored again. `card.json` is
    stored last: killed before, it all happens again.
    """
    known = read_card(version)
    told = card_contents(version, _measured(version, known))
    drawn = figures(version)
    files = {CARD_TEXT: markdown(told), CARD_PAGE: page(told, drawn), CARD: told}
    if json.loads(json.dumps(told)) != known:
        _describe(version, brief(told))
        _store(version, files)
    return files


def read_card(version: Version) -> dict[str, Any] | None:
    """Return the card that is stored on the version; None: there is none yet."""
    return _fetched(f"models:/{version.workload}/{version.number}/{CARD}", version, read_json)


def figures(version: Version) -> dict[str, bytes]:
    """Return what the evaluation of the version drew, PNG by name; nothing where the run has lost it."""
    return _fetched(f"runs:/{version.run_id}/{_FIGURES}", version, _pictures) or {}


def _measured(version: Version, known: dict[str, Any] | None) -> Measured | None:
    """Return what is known; else measure it, where the data is at hand."""
    if known and "measured" in known:
        return Measured.model_validate_json(json.dumps(known["measured"]))
    if not (prepared := artifacts(version.workload, "prepared")).exists():
        return None
    return measured(Bundle(version_bundle(version)), open_prepared(prepared), catalogue.workload(version.workload))


def _describe(version: Version, text: str) -> None:
    """Show `text` above the version and above the run that trained it."""
    client = open_store(version.workload).client
    describe_version(client, version.workload, version.number, text)
    note = stand_in_note(client.get_run(version.run_id))
    describe_run(client, version.run_id, "\n\n".join(filter(None, [text, note])))


def _store(version: Version, files: dict[str, Any]) -> None:
    client = open_store(version.workload).client
    source = client.get_model_version(version.workload, version.number).source  # models:/ID, as `register` gave it
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            write_content(path, content)
            client.log_model_artifact(source.removeprefix("models:/"), str(path))


def _pictures(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.png"))}


def _fetched(uri: str, version: Version, read: Callable[[Path], _Content]) -> _Content | None:
    """Return what `read` makes of the artifact; None: it is not there."""
    open_store(version.workload)
    try:
        with downloaded(uri) as path:
            return read(path)
    except (MlflowException, OSError):
        return None
