"""What stands between a good verdict and work: a trial on live answers, and a person who is asked.

A version's tag `journeyman.trial` says how its shadow stands: `since MOMENT`, `passed: WHY`, or `stopped: WHY`. How a
canary stands, the history says alone (`canary.py`); it has the shadow's steps too.
"""

from datetime import datetime
from typing import Literal

from components.config.gate import Gate
from components.registry.gate import Verdict
from components.registry.promotion.canary import ASK, hold_canary
from components.registry.promotion.history import History, Step
from components.registry.promotion.ledger import Ledger
from components.registry.version import Version

TRIAL = "journeyman.trial"
UNSEEN = "journeyman.unseen_since"
"""Tag: answers from this moment on were not there to learn from, or to be chosen by, when the version was trained."""
SINCE, PASSED, STOPPED = "since ", "passed: ", "stopped: "


def hold(challenger: Version, verdict: Verdict, gate: Gate, history: History, by: str = "") -> str:
    """Return why a challenger that has passed the gate does not go to work now; nothing: it does.

    Where it has to be tried, its trial begins.

    Args:
        challenger: the version.
        verdict: the gate's.
        gate: the section of the workload.
        history: what was at work.
        by: the flow and its run, for the history.
    """
    if not verdict.passed or history.champion in (None, challenger.number):
        return ""
    stays = f"version {history.champion} stays, version {challenger.number} passed the gate"
    stands = challenger.tags().get(TRIAL, "")
    if stands.startswith(STOPPED):
        return f"{stays}, and was stopped by its trial: {stands.removeprefix(STOPPED)}"
    if gate.shadow and not stands.startswith(PASSED) and not history.rolled_back_by_itself:
        begun = stands or begin(challenger, history.champion, by)
        return f"{stays}, and is tried on live answers {begun} (python -m flows.shadow {challenger.workload})"
    return after_trial(challenger, verdict, gate, history, stands.removeprefix(PASSED), by)


def after_trial(challenger: Version, verdict: Verdict, gate: Gate, history: History, why: str, by: str = "") -> str:
    """Return why a challenger waits for a person; nothing: it does not.

    Args:
        challenger: the version.
        verdict: the gate's.
        gate: the section of the workload.
        history: what was at work.
        why: what its trial came to; nothing: it was not tried.
        by: the flow and its run, for the history.
    """
    if not verdict.passed:
        return ""
    tried = f" and its trial ({why})" if why else ""
    stays = f"version {history.champion} stays, version {challenger.number} passed the gate{tried}"
    ask = f"python -m flows.promote {challenger.workload} {challenger.number} --reason ... puts it to work"
    if before := history.rolled_back_by_itself:
        return f"{stays}, and waits for a person, for version {before.left} was rolled back by itself; {ask}"
    if held := hold_canary(challenger, gate, history, by):
        return f"{stays}, and {held.replace(ASK, ask)}"
    return f"{stays}, and waits for a person; {ask}" if gate.mode == "ask" else ""


def begin(challenger: Version, against: str | None = None, by: str = "") -> str:
    """Begin the trial; return what the tag says."""
    step = Step(trial="shadow", what="began", version=challenger.number, against=against, by=by)
    step = Ledger(challenger.workload).note(step)
    said = f"{SINCE}{step.when:%Y-%m-%dT%H:%M:%S}+00:00"
    challenger.set_tags({TRIAL: said})
    return said


def began(challenger: Version) -> datetime | None:
    """Return when its trial began; None: it is not tried just now."""
    said = challenger.tags().get(TRIAL, "")
    return datetime.fromisoformat(said.removeprefix(SINCE)) if said.startswith(SINCE) else None


def unseen_since(challenger: Version) -> datetime | None:
    """Return from when on a version that is tried has seen no answer; None: it is not tried just now.

    That are those since its trial began, and those before that its training could not have had.
    """
    since, said = began(challenger), challenger.tags().get(UNSEEN)
    return min(since, datetime.fromisoformat(said)) if since and said else since


def end(challenger: Version, passed: bool, why: str, against: str | None = None, by: str = "") -> None:
    """Note how the trial ended; done twice it says the same."""
    what: Literal["passed", "stopped"] = "passed" if passed else "stopped"
    step = Step(trial="shadow", what=what, version=challenger.number, against=against, by=by, why=why)
    step = Ledger(challenger.workload).note(step)
    challenger.set_tags({TRIAL: f"{PASSED if step.what == 'passed' else STOPPED}{step.why}"})
