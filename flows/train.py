"""Flow `train`: teach, examine, register, promote, package, ask, put to work. `python -m flows.train [WORKLOAD]`."""

import os
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from components.config.files import read_json
from components.config.settings import CHAMPIONS, artifacts
from components.inference.champion.published import publish
from components.inference.check import Asked, check_endpoint
from components.inference.engine.model import CARD
from components.inference.examples import EXAMPLES, examples
from components.inference.package import package, packaged_bundle
from components.inference.served import read_served
from components.kinds import catalogue
from components.kinds.baseline import Comparison, compare
from components.kinds.prepared import open_prepared
from components.registry.card import card
from components.registry.gate import Verdict, promote
from components.registry.register import Version, note_bento, register, version_bundle
from flows import console
from flows.dvc import STAGES, outcome, reproduce
from flows.history import bury_the_dead
from flows.summary import Summary

DEFAULT = "garments"


@flow(name="train", flow_run_name="train-{workload}", persist_result=False, log_prints=False)
def train(workload: str = DEFAULT) -> Summary:
    """Bring the workload's endpoint up to date with its data, parameters and code; what is up to date is left alone."""
    console.prepare()
    check(workload)
    bury_the_dead("train")

    stages = {stage: outcome(reproduce(stage, workload, return_state=True)) for stage in STAGES}
    version, new = register_version(workload)
    verdict = promote_version(version)
    bundle, bento = package_champion(verdict.champion)
    asked = ask_endpoint(bento, bundle, verdict.champion)
    published = publish_champion(bundle, verdict.champion)

    served = read_served(workload)
    summary = Summary(workload, stages, version, new, measured(version), served, verdict, bento, asked, published)
    summary.publish()
    return summary


def check(workload: str = DEFAULT) -> None:
    """Raise a `ConfigError` unless `params.yaml` is in order and has the workload."""
    catalogue.workload(workload)


@task(task_run_name="register", cache_policy=NO_CACHE, persist_result=False)
def register_version(workload: str) -> tuple[Version, bool]:
    """Register the bundle that the stages left."""
    return register(workload, str(flow_run.get_id() or ""))


def measured(version: Version) -> Comparison:
    """Return what `evaluate` found: the version that the stages left beside its baseline."""
    return compare(read_json(artifacts(version.workload, "report") / "metrics.json"), version.metric)


@task(task_run_name="promote", cache_policy=NO_CACHE, persist_result=False)
def promote_version(challenger: Version) -> Verdict:
    """Let the gate decide who is at work."""
    return promote(challenger)


@task(task_run_name="package", cache_policy=NO_CACHE, persist_result=False)
def package_champion(champion: Version) -> tuple[Path, str]:
    """Take the champion's bundle into the Bento store, with its card and examples, and build its Bento."""
    bundle = version_bundle(champion)
    shown = examples(open_prepared(artifacts(champion.workload, "prepared")))
    bento = package(bundle, champion.workload, champion.number, {CARD: card(champion), EXAMPLES: shown})
    note_bento(champion, bento)
    return bundle, bento


@task(task_run_name="ask endpoint", cache_policy=NO_CACHE, persist_result=False)
def ask_endpoint(bento: str, bundle: Path, champion: Version) -> list[Asked]:
    """Serve the Bento and ask it about held-out examples."""
    return check_endpoint(bento, bundle, champion.number, open_prepared(artifacts(champion.workload, "prepared")))


@task(task_run_name="publish", cache_policy=NO_CACHE, persist_result=False)
def publish_champion(bundle: Path, champion: Version) -> str:
    """Point the endpoints that follow to the champion; return where that is said."""
    packaged = packaged_bundle(bundle, champion.workload, champion.number)
    address = os.environ[CHAMPIONS]
    publish(packaged, champion.workload, champion.number, address)
    return f"{address.removeprefix(f'{Path.cwd()}/')}/{champion.workload}"


if __name__ == "__main__":
    console.run(train, check=check)
