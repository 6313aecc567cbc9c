"""Flow `promote`: a person overrides the gate. `python -m flows.promote WORKLOAD VERSION --reason TEXT`."""

import argparse

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from components import catalogue
from components.config.errors import ConfigError
from components.registry.gate import judge
from components.registry.promotion import Outcome, promote, reconciled_champion
from components.registry.version import get_version
from flows import console
from flows.promotion import release_champion
from flows.release import this_person
from flows.report import Report
from flows.runs import mark_dead_runs
from flows.servers import ask_all


@flow(name="promote", flow_run_name="promote-{workload}-{number}", persist_result=False, log_prints=False)
def override(workload: str, number: str, reason: str) -> Report:
    """Put version `number` to work, whatever the gate says of it; `reason` is kept with the gate's verdict."""
    console.prepare()
    check(workload, number, reason)
    mark_dead_runs("promote")

    return release_champion(workload, promote_version(workload, number, reason))


def check(workload: str, number: str, reason: str) -> None:
    """Raise unless `params.yaml` has the workload, the registry the version, there is a reason, and servers answer."""
    catalogue.workload(workload)
    if not reason.strip():
        raise ConfigError("--reason: say why the gate is overridden; it is kept in the history")
    ask_all()
    get_version(workload, number)


@task(task_run_name="promote", cache_policy=NO_CACHE, persist_result=False)
def promote_version(workload: str, number: str, reason: str) -> Outcome:
    """Have the registry name the version champion."""
    challenger = get_version(workload, number)
    verdict = judge(challenger, reconciled_champion(workload))
    return promote(challenger, verdict, this_person(), reason, override=True)


def _arguments() -> tuple[object, ...]:
    parser = argparse.ArgumentParser("python -m flows.promote", description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="whose version")
    parser.add_argument("version", help="the version's number")
    parser.add_argument("--reason", required=True, help="why, for the history")
    given = parser.parse_args()
    return given.workload, given.version, given.reason


if __name__ == "__main__":
    console.run(override, check=check, arguments=_arguments())
