"""What was at work, when, by whom and why. `python -m flows.history [WORKLOAD]`."""

import argparse
import re

from components import catalogue
from components.registry.promotion.aliases import CHAMPION, PREVIOUS, aliases
from components.registry.promotion.history import Entry, History, Step
from components.registry.promotion.ledger import Ledger
from flows import console
from flows.tables import table

COLUMNS = ["", "when (UTC)", "from", "to", "what", "by", "why"]


def history(workload: str) -> str:
    """Return the history of the workload as a table. Only looks."""
    catalogue.workload(workload)
    ledger = Ledger(workload)
    entries, now = ledger.read(), aliases(ledger)
    return f"{table(workload, COLUMNS, rows(entries))}{_at_work(entries, now)}"


def rows(history: History) -> list[list[str]]:
    """Return a row for each entry and each step of a trial, in the order of `COLUMNS`."""
    told = [(entry.when, _entry(entry)) for entry in history.entries]
    told += [(step.when, _step(step)) for step in history.steps]
    return [row for _, row in sorted(told, key=lambda each: each[0])]


def _entry(entry: Entry) -> list[str]:
    when = f"{entry.when:%Y-%m-%d %H:%M:%S}"
    return [str(entry.number), when, entry.left or "", entry.to or "", entry.what, _short(entry.by), _why(entry)]


def _step(step: Step) -> list[str]:
    """Return its row: nothing has changed at work, so nobody comes from one version to another."""
    share = f"{100 * step.share:g} % of entities" if step.share else ""
    beside = f"version {step.version} beside version {step.against}" if step.against else f"version {step.version}"
    why = ": ".join(filter(None, [beside, step.why or share]))
    return ["", f"{step.when:%Y-%m-%d %H:%M:%S}", "", "", f"{step.trial} {step.what}", _short(step.by), why]


def _short(by: str) -> str:
    """Return it with so much of the run's id as people need."""
    return re.sub(r"(run [0-9a-f]{8})[0-9a-f-]+", r"\1", by)


def _why(entry: Entry) -> str:
    against = f" (against the gate: {entry.verdict})" if entry.what == "overridden" and entry.refusals else ""
    return f"{entry.reason or entry.verdict}{against if entry.reason else ''}"


def _at_work(history: History, now: dict[str, str]) -> str:
    champion, previous = now.get(CHAMPION), now.get(PREVIOUS)
    at_work = f"at work: {f'version {champion}' if champion else 'none'}"
    back = f"; a rollback leads to version {previous}" if previous else ""
    odd = "; that is not what the history says: the next run mends or notes it" if champion != history.champion else ""
    return f"{at_work}{back}{odd}"


def _arguments() -> str:
    parser = argparse.ArgumentParser("python -m flows.history", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default="garments", help="whose history (garments)")
    return str(parser.parse_args().workload)


if __name__ == "__main__":
    workload = _arguments()
    console.show(lambda: history(workload))
