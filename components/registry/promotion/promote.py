"""Who is at work: promotion by the gate or a person, and the way back. Each has happened or has not, whoever is killed.

A change of what is at work *has happened* from the moment that its entry stands in the history (see `ledger`), and not
before. All that is said elsewhere follows it and is made again from it:

    1. reconcile    what an earlier change left undone is done; a hand's move in MLflow becomes an entry of its own
    2. decide       on the champion that the history names; a verdict that was about another one is refused
    3. entry n + 1  is written, `from` the champion of entry n. If somebody wrote it first, all begins again at 1
    4. aliases      `champion`, then `previous`, are set to what the last entry says
    5. moved        the entry is marked
    6. endpoints    the Bento and the published pointer follow `champion`; then the entry is marked `published`

Killed before 3, nothing has happened. Killed after 3, it has, and whoever comes next does 4 and 5, after a few seconds
in which the writer of an unmarked entry may yet be alive. Killed before 6, the same command, or `flows.train`,
publishes what is at work; a rollback without `published` is finished by the next one, which goes no further back.

After a marked entry `champion` stands elsewhere only if a hand moved it: that is respected, and enters the history. One
thing cannot be excluded, since MLflow sets no alias on a condition: a process that sleeps in the middle of 4 for as
long as others need for a whole change sets an old alias when it wakes up. It mends that at once; who looks in between
waits a second before taking it for a hand's, and what is then written is what everybody sees.
"""

import logging
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from components.config.errors import RegistryError
from components.registry.gate import Verdict
from components.registry.promotion.aliases import apply, reconcile
from components.registry.promotion.history import PUBLISHED, Entry, History, What
from components.registry.promotion.ledger import Ledger
from components.registry.register import registry_lock
from components.registry.version import Version, find_version, get_version

logger = logging.getLogger(__name__)

_VERDICT = 1_500  # characters of it that the history keeps; all of it is kept with the version
_REFUSALS = 20


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    champion: Version
    """At work afterwards."""
    promoted: bool
    """Whether that has changed."""
    reason: str


def promote(
    challenger: Version, verdict: Verdict, by: str, reason: str = "", override: bool = False, hold: str = ""
) -> Outcome:
    """Put the challenger to work if the gate's verdict on it is good, or if a person overrides it.

    Which version a person took back, only a person puts to work again.

    Args:
        challenger: the version.
        verdict: the gate's, on this challenger against the champion.
        by: the flow and its run, or the person.
        reason: the person's.
        override: whether a person decides, whatever the verdict.
        hold: why the champion stays for now though the verdict is good; nothing: it does not. See `trial.py`.

    Raises:
        RegistryError: the challenger is refused, and no other version is at work.
    """
    with open_ledger(challenger.workload) as ledger:
        while True:
            history = reconcile(ledger)
            if against := _against(challenger, verdict, history, override, hold):
                return unchanged(ledger, history, against)
            what: What = "overridden" if override else "promoted"
            entry = next_entry(history, what, challenger.number, by, reason, verdict)
            if after := apply(ledger, entry):
                return Outcome(
                    get_version(challenger.workload, after.champion),
                    True,
                    describe_change(entry) if override else verdict.reason,
                )


def reconciled_champion(workload: str) -> Version | None:
    """Return the version at work once what a kill left undone is done: what a challenger is to be judged against."""
    with open_ledger(workload) as ledger:
        return find_version(workload, reconcile(ledger).champion)


def unpublished(champion: Version) -> bool:
    """Whether an earlier run put this champion to work and ended before endpoints were told to follow it."""
    history = Ledger(champion.workload).read()
    last = history.last
    return last is not None and last.to == champion.number and not history.marked(last, PUBLISHED)


def note_published(champion: Version, number: int | None = None) -> None:
    """Note in the history that endpoints have been told to follow this champion.

    `number` is of the entry by which they were; where a later one has put the same version to work, that one is not
    published by it. None: by the last.
    """
    ledger = Ledger(champion.workload)
    history = ledger.read()
    last = history.last if history.champion == champion.number else None
    if last and number in (None, last.number) and not history.marked(last, PUBLISHED):
        ledger.mark(last, PUBLISHED)


@contextmanager
def open_ledger(workload: str) -> Iterator[Ledger]:
    """Open the ledger for a change; of the processes that share this folder, or its database, one at a time."""
    with registry_lock(workload):
        yield Ledger(workload)


def next_entry(history: History, what: What, to: str, by: str, reason: str, verdict: Verdict | None = None) -> Entry:
    """Return the entry that would come next."""
    return Entry(
        number=len(history.entries) + 1,
        what=what,
        by=by,
        left=history.champion,
        to=to,
        reason=" ".join(reason.split()),
        verdict=textwrap.shorten(verdict.reason, _VERDICT) if verdict else "",
        refusals=verdict.refusals[:_REFUSALS] if verdict else (),
    )


def unchanged(ledger: Ledger, history: History, why: str) -> Outcome:
    """Return that nothing changes."""
    logger.info("%s: %s", ledger.workload, why)
    if history.champion is None:
        raise RegistryError(f"{ledger.workload}: {why}, and no other version is at work")
    return Outcome(get_version(ledger.workload, history.champion), False, why)


def describe_change(entry: Entry) -> str:
    """Return a person's change in one line."""
    how = "rolled back" if entry.what == "rolled back" else "put to work"
    before = f" from version {entry.left}" if entry.left else ""
    return f"{how}{before} to version {entry.to} by {entry.by}: {entry.reason or 'no reason given'}"


def _against(challenger: Version, verdict: Verdict, history: History, override: bool, hold: str = "") -> str:
    """Return what is against the challenger; nothing: it goes to work."""
    number, current = challenger.number, history.champion
    if number == current:
        return f"version {number} is champion already"
    if override:
        return ""
    if current and history.taken_back(number):
        return f"version {current} stays, version {number} was taken back"
    if (verdict.challenger, verdict.champion) != (number, current):
        came = f"version {current} has come to work" if current else "the champion was taken away"
        return f"{came} while version {number} was held against {verdict.against}; run it again"
    return (hold if current else "") if verdict.passed else verdict.reason
