"""Flow `train`: train, register, judge, describe, promote, package, ask, publish.

`python -m flows.train [WORKLOAD]`
"""

import logging
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from components import catalogue
from components.config.prices import read_prices
from components.config.settings import artifacts
from components.inference.smoke.check import Asked, check_endpoint
from components.kinds.baseline import BaselineComparison, compare_with_baseline
from components.kinds.cross_validation import read_cross_validation
from components.kinds.prepared import open_prepared
from components.ledger.measure import metered
from components.registry.card import keep_card
from components.registry.cost import keep_cost
from components.registry.gate import Verdict, judge
from components.registry.promotion import Outcome, promote, reconciled_champion, unpublished
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.trial import hold
from components.registry.register import register
from components.registry.version import Version
from components.system.files import read_json
from components.training.served import read_served
from components.versioning.stages import PREPARING, TRAINING
from flows import console
from flows.canary import tell_of_canary
from flows.costs import measure
from flows.measured import tell_of_shadow
from flows.overview import DataReport, report_data
from flows.release import package_champion, publish_champion, this_run
from flows.report import Report
from flows.runs import mark_dead_runs
from flows.servers import ask_all
from flows.stages import reproduced
from flows.summary import Evaluated, Training, publish_verdict, report_training

logger = logging.getLogger(__name__)

DEFAULT = "garments"


@flow(name="train", flow_run_name="train-{workload}", persist_result=False, log_prints=False)
@measure("train flow")
def train(workload: str = DEFAULT) -> Report:
    """Bring the workload's endpoint up to date with its data, parameters and code; what is up to date is left alone."""
    console.prepare()
    check(workload)
    mark_dead_runs("train")

    stages = reproduced(workload, PREPARING)
    data = describe_data(workload)
    stages |= reproduced(workload, TRAINING)
    version, new = register_version(workload)
    verdict = judge_version(version)
    if new:
        note_cost(version)
    describe_version(version)
    decided = promote_version(version, verdict)
    late = finishes_earlier(decided)
    bundle, bento = package_champion(decided.champion)
    asked = ask_endpoint(bento, bundle, decided.champion)
    published = publish_champion(bundle, decided.champion)
    tell_of_canary(workload)
    tell_of_shadow(workload)

    validated = read_cross_validation(workload)
    evaluated = Evaluated(version, new, measured(version), read_served(workload), verdict, validated)
    return report_training(Training(workload, stages, data, evaluated, decided, bento, asked, published, late))


def check(workload: str = DEFAULT) -> None:
    """Raise a `ConfigError` unless `params.yaml` is in order and has the workload, and every server answers."""
    catalogue.workload(workload)
    read_prices()
    ask_all(workload)


@task(task_run_name="describe data", cache_policy=NO_CACHE, persist_result=False)
def describe_data(workload: str) -> DataReport:
    """Say what was read and split, and how it will be trained on, before it is: as `flows.check` does."""
    report = report_data(open_prepared(artifacts(workload, "prepared")), workload)
    report.publish()
    console.print_report(report)
    return report


@task(task_run_name="register", cache_policy=NO_CACHE, persist_result=False)
def register_version(workload: str) -> tuple[Version, bool]:
    """Register the bundle that the stages left."""
    return register(workload, str(flow_run.get_id() or ""))


def measured(version: Version) -> BaselineComparison:
    """Return what `evaluate` found: the version that the stages left beside its baseline."""
    data = open_prepared(artifacts(version.workload, "prepared"))
    lower_is_better = catalogue.evaluation(data.kind, data.task).lower_is_better(version.metric)
    metrics = read_json(artifacts(version.workload, "report") / "metrics.json")
    return compare_with_baseline(metrics, version.metric, lower_is_better)


@task(task_run_name="judge", cache_policy=NO_CACHE, persist_result=False)
def judge_version(challenger: Version) -> Verdict:
    """Have the gate compare the challenger with the champion."""
    with metered(challenger.workload, "gate") as meter:
        if meter:
            meter.version = challenger.number
        verdict = judge(challenger, reconciled_champion(challenger.workload))
    publish_verdict(verdict)
    return verdict


@task(task_run_name="note cost", cache_policy=NO_CACHE, persist_result=False)
def note_cost(version: Version) -> None:
    """Keep what it took to make the version with it."""
    keep_cost(version)


@task(task_run_name="describe", cache_policy=NO_CACHE, persist_result=False)
def describe_version(version: Version) -> None:
    """Keep the model card on the version; what `promote` makes of it is added when the version is packaged."""
    keep_card(version)


@task(task_run_name="promote", cache_policy=NO_CACHE, persist_result=False)
def promote_version(challenger: Version, verdict: Verdict) -> Outcome:
    """Put the challenger to work if the verdict lets it, and nothing else stands between."""
    history, gate = Ledger(challenger.workload).read(), catalogue.workload(challenger.workload).gate
    return promote(challenger, verdict, this_run(), hold=hold(challenger, verdict, gate, history, this_run()))


def finishes_earlier(decided: Outcome) -> str:
    """Return what this run finishes of an earlier one that was cut short, in one line; nothing: it was not."""
    champion = decided.champion
    if decided.promoted or not unpublished(champion):
        return ""
    late = f"the run that put version {champion.number} to work did not publish it; this one asks and publishes it"
    logger.warning("%s: %s", champion.workload, late)
    return late


@task(task_run_name="ask endpoint", cache_policy=NO_CACHE, persist_result=False)
def ask_endpoint(bento: str, bundle: Path, champion: Version) -> list[Asked]:
    """Serve the Bento and ask it about held-out examples; not where it was made for other inputs than today's."""
    data, serve = open_prepared(artifacts(champion.workload, "prepared")), catalogue.workload(champion.workload).serve
    with metered(champion.workload, "ask endpoint"):
        asked = check_endpoint(bento, bundle, champion.number, data, start_timeout=serve.start_timeout)
    if not asked:
        logger.warning("version %s stays at work and takes other inputs than today's data: not asked", champion.number)
    return asked


if __name__ == "__main__":
    console.run(train, check=check)
