"""Flow `shadow`: decide what is tried on live answers, and watch a promotion. `python -m flows.shadow [WORKLOAD]`.

Both are asked what the prediction log has, by this process alone, in a thread that gives way to all others: no request
waits.
"""

import argparse
from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from components import catalogue
from components.config.errors import DataError
from components.config.settings import log_folder
from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from components.registry.gate import judge
from components.registry.promotion import Outcome, promote, reconciled_champion, unpublished
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.rollback import roll_back
from components.registry.promotion.trial import TRIAL, after_trial, began, end, unseen_since
from components.registry.version import find_version, get_version
from components.registry.versions import tagged
from components.system import clock
from components.system.priority import gently
from components.watch.bundles import Bundles
from components.watch.replay import Replay
from components.watch.replay import replay as replay_log
from components.watch.trials import Kind
from flows import console
from flows.canary import tell_of_canary, try_canary
from flows.costs import measure
from flows.measured import measured, stopped_by_endpoints, tell_of_shadow
from flows.promotion import release_champion
from flows.release import this_run
from flows.replay import evidence, said
from flows.report import Report
from flows.runs import mark_dead_runs
from flows.servers import ask_all
from flows.tables import table
from flows.trials import keep_found
from flows.watch import delay_of

DEFAULT = "garments"

Rows = list[list[str]]


@dataclass(frozen=True)
class Shadowed:
    """What a run of the flow came to."""

    workload: str
    rows: Rows
    report: Report | None
    """Of who has come to work; None: nobody has."""

    def __str__(self) -> str:
        shown = table(
            f"{self.workload}: tried on live answers",
            ["", ""],
            self.rows or [["", "no version is tried, and none was promoted by the gate lately"]],
        )
        return shown if self.report is None else f"{shown}\n{self.report}"


@flow(name="shadow", flow_run_name="shadow-{workload}", persist_result=False, log_prints=False)
@measure("shadow")
def shadow(workload: str = DEFAULT) -> Shadowed:
    """Compare on the labelled answers of the log, and act on what is decided: promote, stop, or take back.

    Raises:
        DataError: there is no log.
    """
    console.prepare()
    check(workload)
    mark_dead_runs("shadow")
    compact(log_folder(workload))
    outcome, rows = watch_promotion(workload)
    if not outcome:
        outcome, more = try_canary(workload)
        rows = [*rows, *more]
    for number in [] if outcome else tried(workload):
        outcome, more = try_challenger(workload, number)
        rows = [*rows, *more]
        if outcome:
            break
    report = release_champion(workload, outcome) if (outcome := outcome or cut_short(workload)) else None
    told = [said for said in (tell_of_canary(workload), tell_of_shadow(workload)) if said]
    if told and not report:
        rows = [*rows, ["endpoints were told", "; ".join(told)]]
    return Shadowed(workload, rows, report)


def check(workload: str = DEFAULT) -> None:
    """Raise unless `params.yaml` has the workload, it has a log, and every server answers."""
    catalogue.workload(workload)
    Log.open(log_folder(workload))
    ask_all(workload)


def tried(workload: str) -> list[str]:
    """Return the numbers of the versions that are tried just now, the latest first."""
    return [version.number for version in tagged(workload, TRIAL) if began(version)]


def cut_short(workload: str) -> Outcome | None:
    """Return what an earlier run has put to work, and ended before endpoints were told; None: nothing."""
    champion = reconciled_champion(workload)
    if champion is None or not unpublished(champion):
        return None
    return Outcome(champion, True, f"version {champion.number} was put to work by a run that did not publish it")


@task(task_run_name="try version {number}", cache_policy=NO_CACHE, persist_result=False)
def try_challenger(workload: str, number: str) -> tuple[Outcome | None, Rows]:
    """Decide the trial of a challenger, if it can be decided; return what has changed at work, and what was found."""
    challenger, champion = get_version(workload, number), reconciled_champion(workload)
    since = unseen_since(challenger)
    if since is None or champion is None:
        return None, []
    if champion == challenger:  # who decided was killed in between, or a person has decided
        last = Ledger(workload).read().last
        assert last
        end(challenger, True, last.reason or last.verdict, last.left, this_run())
        return None, []
    name = f"version {number} beside version {champion.number}, answers since {since:%Y-%m-%d %H:%M}"
    if why := stopped_by_endpoints(workload, number, champion.number):
        end(challenger, False, why, champion.number, this_run())
        return None, [[name, f"stopped: {why}"]]
    cost = measured(workload, number, champion.number)
    result, rows = compared(workload, name, "shadow", number, champion.number, since, cost)
    if result is None or result.comparison is None or result.comparison.decision == "open":
        return None, rows
    better = result.comparison.decision == "better"
    why = "; ".join(filter(None, (evidence(result), cost)))
    if not better:
        end(challenger, False, why, champion.number, this_run())
        return None, [*rows, [f"version {number}", f"stopped: {why}"]]
    verdict, history = judge(challenger, champion), Ledger(workload).read()
    held = after_trial(challenger, verdict, catalogue.workload(workload).gate, history, why, this_run())
    outcome = promote(challenger, verdict, this_run(), why, hold=held)
    end(challenger, True, why, champion.number, this_run())
    return outcome if outcome.promoted else None, [*rows, [f"version {number}", outcome.reason]]


@task(task_run_name="watch promotion", cache_policy=NO_CACHE, persist_result=False)
def watch_promotion(workload: str) -> tuple[Outcome | None, Rows]:
    """Take the gate's last promotion back, if the champion before it is better; return as `try_challenger` does.

    It happens once: then no version is promoted without a person, until one has decided something.
    """
    gate, champion = catalogue.workload(workload).gate, reconciled_champion(workload)
    last = Ledger(workload).read().last
    if champion is None or last is None or last.what != "promoted" or last.left is None:
        return None, []
    over = clock.now() - last.when > timedelta(days=gate.reverse)
    if over or (former := find_version(workload, last.left)) is None:
        return None, []
    name = f"version {former.number}, which was at work before, beside version {champion.number}"
    result, rows = compared(workload, name, "reverse shadow", former.number, champion.number, last.when)
    if result is None or result.comparison is None or result.comparison.decision != "better":
        return None, rows
    why = evidence(result)
    if gate.mode == "ask":
        return None, [*rows, ["what to do", f"python -m flows.rollback {workload} --to {former.number} ({why})"]]
    outcome = roll_back(workload, this_run(), former.number, f"version {former.number} was better: {why}")
    return outcome, [*rows, [f"version {champion.number}", outcome.reason]]


def compared(
    workload: str, name: str, kind: Kind, version: str, of: str, since: datetime, cost: str = ""
) -> tuple[Replay | None, Rows]:
    """Return what `version` says of the answers of the version `of`, and a row about it; None: it cannot be asked.

    It is kept for the page of the watch, with what its answers `cost`, as endpoints have measured it.
    """
    section, now = catalogue.workload(workload), clock.now()
    bundles = Bundles(lambda number: get_version(workload, number).bundle())
    log = Log.open(log_folder(workload)).standing()
    try:
        least, alpha = section.watch.asked, section.gate.error
        result = gently(lambda: replay_log(log, bundles, version, since, now, delay_of(section), least, of, alpha))
    except DataError as error:
        keep_found(workload, kind, version, of, why := f"cannot be compared: {error}", cost)
        return None, [[name, why]]
    keep_found(workload, kind, version, of, result, cost)
    labels = result.unequal or "no label has come" if result.comparison is None else said(result.comparison)
    return result, [[name, "; ".join(filter(None, (f"{result.rows:,} answers; {labels}", cost)))]]


def _arguments() -> tuple[object, ...]:
    parser = argparse.ArgumentParser("python -m flows.shadow", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose versions are tried ({DEFAULT})")
    return (parser.parse_args().workload,)


if __name__ == "__main__":
    console.run(shadow, check=check, arguments=_arguments())
