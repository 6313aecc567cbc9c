"""Flow `rollback`: back to a former champion. `python -m flows.rollback WORKLOAD [--to VERSION] [--reason TEXT]`."""

import argparse

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from components import catalogue
from components.registry.promotion import Outcome
from components.registry.promotion.rollback import roll_back
from components.registry.version import get_version
from flows import console
from flows.costs import measure
from flows.promotion import release_champion
from flows.release import this_person
from flows.report import Report
from flows.runs import mark_dead_runs
from flows.servers import ask_all


@flow(name="rollback", flow_run_name="rollback-{workload}", persist_result=False, log_prints=False)
@measure("rollback")
def rollback(workload: str, to: str | None = None, reason: str = "") -> Report:
    """Put the champion before this one, or version `to`, to work again; doing it twice goes further back."""
    console.prepare()
    check(workload, to)
    mark_dead_runs("rollback")

    return release_champion(workload, roll_back_champion(workload, to, reason))


def check(workload: str, to: str | None = None, *_: object) -> None:
    """Raise unless `params.yaml` has the workload, the registry version `to`, and every server answers."""
    catalogue.workload(workload)
    ask_all(workload)
    if to is not None:
        get_version(workload, to)


@task(task_run_name="roll back", cache_policy=NO_CACHE, persist_result=False)
def roll_back_champion(workload: str, to: str | None, reason: str) -> Outcome:
    """Have the registry name the former champion."""
    return roll_back(workload, this_person(), to, reason)


def _arguments() -> tuple[object, ...]:
    parser = argparse.ArgumentParser("python -m flows.rollback", description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="whose champion is taken back")
    parser.add_argument("--to", metavar="VERSION", help="a version that was at work before (the one before this one)")
    parser.add_argument("--reason", default="", help="why, for the history")
    given = parser.parse_args()
    return given.workload, given.to, given.reason


if __name__ == "__main__":
    console.run(rollback, check=check, arguments=_arguments())
