"""Flow `rebuild`: a version made again from its registry entry alone. `python -m flows.rebuild WORKLOAD VERSION`."""

import argparse
import logging

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from components.config.errors import NotIdentical
from components.kinds.formatting import number
from components.registry.lineage import Lineage
from components.registry.rebuild.compare import Rebuilt, StageComparison, compare
from components.registry.rebuild.find import find
from components.registry.rebuild.stages import fetch_raw, few, reproduce
from components.registry.rebuild.worktree import Tree, recorded_environment, worktree
from components.registry.version import Version
from components.tracking.environment import changed_packages, packages
from flows import console
from flows.costs import measure
from flows.report import Report, publish_report
from flows.runs import mark_dead_runs
from flows.servers import ask_registry

logger = logging.getLogger(__name__)


@flow(name="rebuild", flow_run_name="rebuild-{workload}-{version}", persist_result=False, log_prints=False)
@measure("rebuild")
def rebuild(workload: str, version: str | int) -> Report:
    """Make a version again, in a work tree of its own, and compare it stage by stage with what was registered."""
    console.prepare()
    check(workload, str(version))
    mark_dead_runs("rebuild")

    made, made_of = find_version(workload, str(version))
    with worktree(made_of) as tree:
        source = take_raw(made_of, tree)
        run_stages(made_of, tree)
        rebuilt = compare_versions(made, made_of, tree)

    report = report_rebuild(made_of, rebuilt, source)
    if rebuilt.first:
        raise NotIdentical(f"{workload} version {version} was not made again: {_result(rebuilt)}", report)
    return report


@task(task_run_name="find", cache_policy=NO_CACHE, persist_result=False)
def find_version(workload: str, number: str) -> tuple[Version, Lineage]:
    """Read the registry entry, and warn if the environment is another than it was then."""
    version, made_of = find(workload, number)
    if changed := changed_packages(made_of.environment.packages, packages()):
        logger.warning("packages are not those of %s version %s: %s", workload, number, few(changed))
        logger.warning("the recorded ones: %s", recorded_environment(made_of, number))
    return version, made_of


@task(task_run_name="raw data", cache_policy=NO_CACHE, persist_result=False)
def take_raw(made_of: Lineage, tree: Tree) -> str:
    """Take the raw records from DVC's cache, or from its remote; return which it was."""
    return fetch_raw(made_of, tree)


@task(task_run_name="stages", cache_policy=NO_CACHE, persist_result=False)
def run_stages(made_of: Lineage, tree: Tree) -> None:
    """Run every stage behind the raw records."""
    reproduce(made_of, tree)


@task(task_run_name="compare", cache_policy=NO_CACHE, persist_result=False)
def compare_versions(version: Version, made_of: Lineage, tree: Tree) -> Rebuilt:
    """Hold what came out against the registry entry."""
    return compare(version, made_of, tree.project)


def report_rebuild(made_of: Lineage, rebuilt: Rebuilt, source: str) -> Report:
    """Return the report on this run, and keep it as an artifact; `source` says where the raw records came from."""
    version = rebuilt.version
    title = f"{version.workload} version {version.number}, made again"
    return publish_report(
        title,
        rebuild_facts(made_of, rebuilt, source),
        key=f"rebuild-{version.workload}-{version.number}",
        description=f"What the last rebuild of {title} came to",
    )


def rebuild_facts(made_of: Lineage, rebuilt: Rebuilt, source: str) -> list[list[str]]:
    """Return the rows of the report."""
    code = made_of.code
    changed = f", with {len(code.changed)} changed files on {code.head[:12]}" if code.changed else ""
    return [
        ["code", f"commit {code.commit[:12]}{changed}"],
        ["raw data", f"md5 {made_of.data.raw} from {source}"],
        *[[stage.stage, _comparison(stage)] for stage in rebuilt.stages],
        [f"test {rebuilt.version.metric}", _metric(rebuilt)],
        ["environment", few(rebuilt.environment) or "as it was"],
        ["result", _result(rebuilt)],
    ]


def _metric(rebuilt: Rebuilt) -> str:
    before, now = rebuilt.version.value, rebuilt.value
    if rebuilt.lower_is_better:
        return number(now) + (f", was {number(before)}" if now != before else "")
    return f"{now:.2%}" + (f", was {before:.2%} ({100 * (now - before):+.2f} points)" if now != before else "")


def _result(rebuilt: Rebuilt) -> str:
    return f"the first stage that differs is {rebuilt.first}" if rebuilt.first else "identical"


def _comparison(stage: StageComparison) -> str:
    return f"differs: {', '.join(stage.other)}" if stage.other else f"identical: {', '.join(stage.same)}"


def _arguments() -> tuple[str, str]:
    parser = argparse.ArgumentParser("python -m flows.rebuild", description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="whose registered model")
    parser.add_argument("version", help="the version to make again")
    given = parser.parse_args()
    return given.workload, given.version


def check(workload: str, version: str) -> None:
    """Raise a `RegistryError` unless there is such a version, with its lineage, and every server answers."""
    ask_registry()
    find(workload, version)


if __name__ == "__main__":
    console.run(rebuild, check=check, arguments=_arguments())
