"""A canary: who is one, who waits to be one, and how it ended. The history says so, and endpoints are told after it.

A step is written once, so whoever is killed has taken it or has not; what follows is made again by the next run:

    1. began      the step is noted, with the trial's id and share; one canary at a time, later ones wait
    2. published  endpoints are told (`flows.canary`); they are told again what the history says by every run
    3. ended      the step `passed` or `stopped` is noted, with its evidence; then 2
    4. promoted   by the entry of the history that `promote` writes, if it has passed
"""

from typing import Literal

from components.config.gate import Gate
from components.inference.bundle import examples_of, read_about
from components.registry.promotion.history import History, Step
from components.registry.promotion.ledger import Ledger
from components.registry.version import Version, get_version

ASK = "{ask}"
"""What is put where a person may do something, before it is known what."""


def hold_canary(challenger: Version, gate: Gate, history: History, by: str) -> str:
    """Return why a challenger does not go to work: it has a canary's part yet to play. Nothing: it has not.

    Where it is its turn, it begins.

    Args:
        challenger: that has passed the gate, and its shadow if there is one.
        gate: the section of the workload.
        history: what was at work.
        by: the flow and its run.

    Returns:
        A sentence's end, with `ASK` in place of what a person may do.
    """
    ended = history.ended(challenger.number, "canary")
    if ended and ended.what == "stopped":
        return f"was stopped as a canary: {ended.why}"
    if ended or not gate.canary or history.champion in (None, challenger.number):
        return ""
    if history.canary and history.canary.version != challenger.number:
        _note(challenger, "waits", history, by)
        return f"waits until version {history.canary.version} is a canary no longer"
    if not takes_the_same(challenger, history):
        other = f"takes other examples than version {history.champion}, so it cannot be a canary"
        return f"{other}, and waits for a person; {ASK}"
    began = history.canary or _note(challenger, "began", history, by, gate.canary / 100)
    return (
        f"answers {100 * began.share:g} % of entities since {began.when:%Y-%m-%d %H:%M}, as a canary "
        f"(python -m flows.shadow {challenger.workload})"
    )


def takes_the_same(challenger: Version, history: History) -> bool:
    """Whether the challenger takes the very examples that the champion does."""
    champion = get_version(challenger.workload, history.champion)
    taken = [examples_of(read_about(version.bundle())) for version in (challenger, champion)]
    return taken[0] == taken[1]


def end_canary(workload: str, began: Step, passed: bool, why: str, by: str) -> Step:
    """Note how the canary ended; return the step, or what somebody has noted before."""
    what: Literal["passed", "stopped"] = "passed" if passed else "stopped"
    step = Step(trial="canary", what=what, version=began.version, against=began.against, by=by, why=why)
    return Ledger(workload).note(step)


def settled_canary(workload: str, by: str) -> tuple[Step | None, History]:
    """Return the canary that is tried now, and the history that says so; one whose champion is another has ended."""
    while began := (history := Ledger(workload).read()).canary:
        if history.champion == began.against:
            break
        if history.champion == began.version:
            assert history.last
            end_canary(workload, began, True, f"it was put to work by {history.last.by}", by)
        else:
            end_canary(workload, began, False, f"version {history.champion or 'none'} has come to work", by)
    return began, history


def _note(challenger: Version, what: Literal["waits", "began"], history: History, by: str, share: float = 0.0) -> Step:
    version, champion = challenger.number, history.champion
    step = Step(trial="canary", what=what, version=version, against=champion, by=by, share=share)
    return Ledger(challenger.workload).note(step)
