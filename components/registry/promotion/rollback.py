"""The way back: a former champion is put to work again."""

from components.config.errors import RegistryError
from components.registry.promotion.aliases import apply, reconcile
from components.registry.promotion.history import PUBLISHED, Entry, History
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.promote import Outcome, describe_change, next_entry, open_ledger, unchanged
from components.registry.version import Version, find_version, get_version


def roll_back(workload: str, by: str, to: str | None = None, reason: str = "") -> Outcome:
    """Put a former champion to work again: the one before the present one's promotion, or version `to`.

    Doing it twice goes further back. A rollback that was cut short is finished first, and goes no further.

    Args:
        workload: whose champion.
        by: the person.
        to: number of the version; None: the one before.
        reason: the person's.

    Raises:
        RegistryError: there is nothing to go back to, or its bundle is gone; nothing has changed then.
    """
    with open_ledger(workload) as ledger:
        while True:
            history = reconcile(ledger)
            if to is not None and to == history.champion:
                return unchanged(ledger, history, f"version {to} is champion already")
            if to is None and (cut := _cut_short(history)):
                return unchanged(ledger, history, f"{describe_change(cut)} (finished, it had been cut short)")
            target = _target(ledger, history, to)
            target.bundle()  # what cannot be fetched cannot be put to work
            entry = next_entry(history, "rolled back", target.number, by, reason)
            if after := apply(ledger, entry):
                return Outcome(get_version(workload, after.champion), True, describe_change(entry))


def _cut_short(history: History) -> Entry | None:
    """Return the last entry if it is a rollback of which no endpoint has been told."""
    last = history.last
    return last if last and last.what == "rolled back" and not history.marked(last, PUBLISHED) else None


def _target(ledger: Ledger, history: History, to: str | None) -> Version:
    """Return the version to go back to."""
    workload = ledger.workload
    if to is None:
        there = (find_version(workload, number) for number in history.behind)
        if target := next(filter(None, there), None):
            return target
        at_work = f"version {history.champion} is at work, and " if history.champion else ""
        raise RegistryError(f"{workload}: {at_work}there is no former champion to go back to")
    target = get_version(workload, to)
    if not history.was_at_work(to):
        raise RegistryError(
            f"{workload}: version {to} was never at work, so there is no way back to it; "
            f"`python -m flows.promote {workload} {to} --reason ...` puts it to work"
        )
    return target
