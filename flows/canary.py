"""A canary: endpoints are told of it, and it is decided by what the log says of both; for the flows that do so."""

import os
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from components import catalogue
from components.config.errors import DataError
from components.config.settings import CHAMPIONS, log_folder
from components.inference.bundle import read_about
from components.inference.champion.tried import stopped
from components.inference.engine.trial import Trial
from components.prediction_log.reader import Log
from components.registry.gate import judge
from components.registry.promotion import Outcome, promote, reconciled_champion
from components.registry.promotion.canary import end_canary, settled_canary
from components.registry.promotion.history import Step
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.trial import after_trial
from components.registry.version import find_version, get_version
from components.system.address import Address
from components.system.clock import now
from components.system.priority import gently
from components.watch.bundles import Bundles
from components.watch.replay import Replay, replay_both
from components.watch.split_check import check_split
from flows.release import this_run
from flows.replay import evidence, said
from flows.trials import keep_found
from flows.tried import Due, allowed, tell
from flows.watch import delay_of

LEAST = 20
"""Answers that a canary must have given where labels do not decide."""

Rows = list[list[str]]


@task(task_run_name="tell of canary", cache_policy=NO_CACHE, persist_result=False)
def tell_of_canary(workload: str) -> str:
    """Have the endpoints that follow try what the history says is tried, or nothing; return what, in one line."""

    def due() -> Due:
        began, history = settled_canary(workload, this_run())
        over = history.last_canary.id if history.last_canary else None
        return Due(history, _trial(workload, began) if began else None, over)

    if (trial := tell(workload, "canary", due)) is None:
        return ""
    return f"version {trial.version} answers {100 * trial.share:g} % of entities beside version {trial.against}"


@task(task_run_name="try canary", cache_policy=NO_CACHE, persist_result=False)
def try_canary(workload: str) -> tuple[Outcome | None, Rows]:
    """Decide the canary, if it can be decided; return what has changed at work, and what was found.

    Where none is tried and a version waits to be one, its trial begins.
    """
    began, _ = settled_canary(workload, this_run())
    if passed := Ledger(workload).read().passed_canary:
        outcome = _finish(workload, passed)  # who decided was killed in between, or a person is asked
        return outcome if outcome.promoted else None, [[f"version {passed.version}", outcome.reason]]
    if began is None:
        return None, _begin_waiting(workload)
    name = f"version {began.version}, a canary beside version {began.against} since {began.when:%Y-%m-%d %H:%M}"
    if why := _against(workload, began):
        return None, [[name, _stop(workload, began, why)]]
    assert began.against
    try:
        found = _compared(workload, began)
    except DataError as error:
        keep_found(workload, "canary", began.version, began.against, why := f"cannot be compared: {error}")
        return None, [[name, why]]
    keep_found(workload, "canary", began.version, began.against, found)
    labels = found.unequal or "no label has come" if found.comparison is None else said(found.comparison)
    rows = [[name, f"{found.rows:,} answers, {found.tried:,} of them its own; {labels}"]]
    if found.comparison is None or found.comparison.decision == "open":
        if not (why := _lasted(workload, began, found)):
            return None, rows
        outcome = _passed(workload, began, why)
        return outcome if outcome.promoted else None, [*rows, [f"version {began.version}", outcome.reason]]
    if found.comparison.decision == "worse":
        return None, [*rows, [f"version {began.version}", _stop(workload, began, evidence(found))]]
    outcome = _passed(workload, began, evidence(found))
    return outcome if outcome.promoted else None, [*rows, [f"version {began.version}", outcome.reason]]


def _against(workload: str, began: Step) -> str:
    """Return why the canary is to stop, whatever its labels say; nothing: it is not."""
    if catalogue.workload(workload).gate.canary == 0:
        return "gate.canary is 0"
    if stop := stopped(Address(os.environ[CHAMPIONS]), workload, began.id):
        return f"an endpoint stopped it at {stop.when:%Y-%m-%d %H:%M:%S}: {stop.why}"
    assert began.against
    about = read_about(get_version(workload, began.version).bundle())
    log, versions = Log.open(log_folder(workload)).standing(), (began.against, began.version)
    split = check_split(log, about, versions, began.id, began.share, began.when, now())
    return f"sample ratio mismatch: {split}" if split.mismatch else ""


def _lasted(workload: str, began: Step, found: Replay) -> str:
    """Return why a canary has shown enough whose shadow had passed; nothing: it has not, or labels are to decide."""
    shadow = Ledger(workload).read().ended(began.version, "shadow")
    days = (now() - began.when) / timedelta(days=1)
    if shadow is None or shadow.what != "passed" or days < catalogue.workload(workload).gate.canary_days:
        return ""
    doing = found.comparison
    if found.tried < LEAST or (doing and doing.difference < 0):
        return ""
    return f"{found.tried:,} answers in {days:.3g} days as a canary with nothing against it; its shadow: {shadow.why}"


def _stop(workload: str, began: Step, why: str) -> str:
    ended = end_canary(workload, began, False, why, this_run())
    return f"{ended.what}: {ended.why}"


def _passed(workload: str, began: Step, why: str) -> Outcome:
    """Note that the canary has passed, and put it to work, unless a person is asked."""
    return _finish(workload, end_canary(workload, began, True, why, this_run()))


def _finish(workload: str, passed: Step) -> Outcome:
    challenger, why = get_version(workload, passed.version), passed.why
    verdict, history = judge(challenger, reconciled_champion(workload)), Ledger(workload).read()
    held = after_trial(challenger, verdict, catalogue.workload(workload).gate, history, why, this_run())
    return promote(challenger, verdict, this_run(), why, hold=held)


def _begin_waiting(workload: str) -> Rows:
    """Begin the trial of the latest version that waits for its turn, if the gate still has nothing against it."""
    history, champion = Ledger(workload).read(), reconciled_champion(workload)
    if history.waiting is None or (challenger := find_version(workload, history.waiting.version)) is None:
        return []
    verdict = judge(challenger, champion)
    if not verdict.passed:
        why = f"its turn has come, and the gate refuses it by now: {verdict.reason}"
        return [[f"version {challenger.number}", _stop(workload, history.waiting, why)]]
    held = after_trial(challenger, verdict, catalogue.workload(workload).gate, history, "", this_run())
    return [[f"version {challenger.number}", held]]


def _compared(workload: str, began: Step) -> Replay:
    section = catalogue.workload(workload)
    bundles = Bundles(lambda number: get_version(workload, number).bundle())
    log = Log.open(log_folder(workload)).standing()
    assert began.against
    versions = began.against, began.version
    delay, least = delay_of(section), section.watch.asked
    return gently(lambda: replay_both(log, bundles, versions, began.when, now(), delay, least, section.gate.error))


def _trial(workload: str, began: Step) -> Trial:
    """Return what endpoints are told; what an answer may cost is the gate's limit."""
    section = catalogue.workload(workload)
    assert began.against
    cost = allowed(workload)
    return Trial(
        id=began.id,
        version=began.version,
        against=began.against,
        share=began.share,
        latency=cost.latency,
        milliseconds=cost.milliseconds,
        harm=None if delay_of(section) else section.gate.error,  # labels that may change yet stop none
    )
