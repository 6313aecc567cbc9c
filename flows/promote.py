"""Flow `promote`: a person overrides the gate. `python -m flows.promote WORKLOAD VERSION --reason TEXT`.

`python -m flows.promote WORKLOAD --serve` shows who waits for a person, with the evidence and a button that does it.
"""

import argparse
from collections.abc import Sequence

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from components import catalogue
from components.config.errors import ConfigError
from components.registry.gate import judge
from components.registry.promotion import Outcome, promote, reconciled_champion
from components.registry.version import get_version
from flows import console
from flows.costs import measure
from flows.promote_page import PORT, serve
from flows.promotion import release_champion
from flows.release import this_person
from flows.report import Report
from flows.runs import mark_dead_runs
from flows.servers import ask_all


@flow(name="promote", flow_run_name="promote-{workload}-{number}", persist_result=False, log_prints=False)
@measure("promote")
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
    ask_all(workload)
    get_version(workload, number)


@task(task_run_name="promote", cache_policy=NO_CACHE, persist_result=False)
def promote_version(workload: str, number: str, reason: str) -> Outcome:
    """Have the registry name the version champion."""
    challenger = get_version(workload, number)
    verdict = judge(challenger, reconciled_champion(workload))
    return promote(challenger, verdict, this_person(), reason, override=True)


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.promote", description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="whose version")
    parser.add_argument("version", nargs="?", help="the version's number")
    parser.add_argument("--reason", help="why, for the history")
    parser.add_argument("--serve", action="store_true", help="show who waits, and a button, on this machine")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page ({PORT}; 0: any)")
    said = parser.parse_args(given)
    if not said.serve and (said.version is None or said.reason is None):
        parser.error("a version and --reason are needed, or --serve")
    if said.serve and (said.version is not None or said.reason is not None):
        parser.error("--serve asks for version and reason on its page")
    return said


if __name__ == "__main__":
    said = _arguments()
    if said.serve:
        console.show(lambda: serve(said.workload, said.port))
    console.run(override, check=check, arguments=(said.workload, said.version, said.reason))
