"""The aliases `champion` and `previous`: what the history says, where MLflow's clients read it; see `promote`."""

import logging
import time

from mlflow.exceptions import MlflowException

from components.registry.promotion.history import MOVED, Entry, History
from components.registry.promotion.ledger import Ledger
from components.registry.version import Version, find_version
from components.tracking.store import missing

logger = logging.getLogger(__name__)

CHAMPION = "champion"
"""Alias of the version at work."""
PREVIOUS = "previous"
"""Alias of the version to which a rollback leads."""

_PROMPT = 2.0  # seconds after its entry within which a writer moves the aliases itself
_PATIENCE = 5.0  # seconds until others take it for killed, and move them; well over `_PROMPT`
_LOOK = 0.1  # seconds between two looks


def champion(workload: str) -> Version | None:
    """Return the version that is at work; None: there is none."""
    return find_version(workload, aliases(Ledger(workload)).get(CHAMPION))


def apply(ledger: Ledger, entry: Entry) -> History | None:
    """Write the entry, have the aliases follow, return the history; None, and nothing is done: its place is taken."""
    began = time.monotonic()
    if not ledger.append(entry):
        return None
    logger.info("%s: version %s %s in place of %s", ledger.workload, entry.to, entry.what, entry.left or "none")
    if time.monotonic() - began < _PROMPT:
        _follow(ledger, entry)
    return reconcile(ledger)


def reconcile(ledger: Ledger) -> History:
    """Return the history once the aliases stand as it says.

    What a kill has left undone is done; where a hand has moved `champion` in MLflow, the history is told.
    """
    suspected = None
    while True:
        history, champion = _look(ledger)
        last = history.last
        if last and not history.marked(last, MOVED):
            _finish(ledger, last, champion)
        elif champion == history.champion:
            return history
        elif suspected != (history, champion):  # a slow writer may mend it yet
            suspected = history, champion
            time.sleep(10 * _LOOK)
        else:
            _note_hand(ledger, history, champion)


def _look(ledger: Ledger) -> tuple[History, str | None]:
    """Return the history, and what `champion` stood at while it was so."""
    while True:
        history = ledger.read()
        champion = aliases(ledger).get(CHAMPION)
        if ledger.read() == history:
            return history, champion


def aliases(ledger: Ledger) -> dict[str, str]:
    """Return the number of the version at which each alias stands; nothing where there is no registered model."""
    try:
        found = ledger.client.get_registered_model(ledger.workload).aliases
    except MlflowException as error:
        if missing(error):
            return {}
        raise
    return {alias: str(version) for alias, version in found.items()}


def _finish(ledger: Ledger, entry: Entry, champion: str | None) -> None:
    """Move the aliases for an entry whose writer seems to be dead; whose hand was in between keeps its way."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        time.sleep(_LOOK)
        history = ledger.read()
        if history.last != entry or history.marked(entry, MOVED):
            return
    if champion in (entry.left, entry.to) and aliases(ledger).get(CHAMPION) == champion:
        _follow(ledger, entry)
    else:
        ledger.mark(entry, MOVED)


def _follow(ledger: Ledger, entry: Entry) -> None:
    """Move the aliases to where `entry` says; where somebody was quicker by a whole entry, to where the last says."""
    last = entry
    while True:
        if last != entry or entry.what != "by hand":  # the hand has moved it already
            _point(ledger, CHAMPION, last.to)
        history = ledger.read()
        _point_previous(ledger, history)
        if history.last is None or history.last == last:
            break
        last = history.last
    ledger.mark(entry, MOVED)


def _point_previous(ledger: Ledger, history: History) -> None:
    """Set `previous` to the nearest version behind the champion that is still there; without one there is no alias."""
    if not any(_point(ledger, PREVIOUS, version) for version in history.behind) and PREVIOUS in aliases(ledger):
        ledger.client.delete_registered_model_alias(ledger.workload, PREVIOUS)


def _point(ledger: Ledger, alias: str, version: str | None) -> bool:
    """Set the alias, or take it away where there is no version; False if there is no such version any more."""
    if version is None:
        ledger.client.delete_registered_model_alias(ledger.workload, alias)
        return True
    try:
        ledger.client.set_registered_model_alias(ledger.workload, alias, version)
    except MlflowException as error:
        if missing(error):
            return False
        raise
    return True


def _note_hand(ledger: Ledger, history: History, champion: str | None) -> None:
    entry = Entry(
        number=len(history.entries) + 1,
        what="by hand",
        by="somebody in MLflow" if history.entries else "before there was a history",
        left=history.champion,
        to=champion,
    )
    if ledger.append(entry):
        logger.warning("%s: champion was moved to version %s by hand", ledger.workload, champion or "none")
        _follow(ledger, entry)
