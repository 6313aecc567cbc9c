"""The report on a run of the flow `train`, and the page of its verdict."""

from dataclasses import dataclass

from components.inference.smoke.check import Asked
from components.kinds.baseline import BaselineComparison
from components.kinds.cross_validation import CrossValidation
from components.registry.gate import COLUMNS, Verdict
from components.registry.promotion import Outcome
from components.registry.version import Version
from components.training.served import Served
from flows.overview import DataReport
from flows.report import Report, Section, publish_page, publish_report
from flows.tables import markdown


@dataclass(frozen=True)
class Evaluated:
    """The version that the stages left, and how it was judged."""

    version: Version
    new: bool
    """Whether it was registered in this run."""
    baseline: BaselineComparison
    """Of the bundle that the stages chose."""
    served: Served
    verdict: Verdict
    cross_validation: CrossValidation | None = None


@dataclass(frozen=True)
class Training:
    """What a run of `train` came to."""

    workload: str
    stages: dict[str, str]
    """Completed, Cached or Skipped, by stage."""
    data: DataReport
    evaluated: Evaluated
    decided: Outcome
    bento: str
    asked: list[Asked]
    published: str
    """Where endpoints find the champion."""
    late: str = ""
    """What this run finished of an earlier one that was cut short, in one line."""


def report_training(training: Training) -> Report:
    """Return the report on this run, and keep it as an artifact of the run."""
    return publish_report(
        training.workload,
        training_facts(training),
        key=f"summary-{training.workload}",
        description=f"What the last run of train came to for {training.workload}",
        sections=[_verdict(training.evaluated.verdict), _answers(training.asked)],
    )


def training_facts(training: Training) -> list[list[str]]:
    """Return the rows of the report."""
    found, version, champion = training.evaluated, training.evaluated.version, training.decided.champion
    anew = training.stages["train"] == "Completed"
    registered = f"version {version.number}" + ("" if found.new else " (registered before)")
    return [
        ["stages", ", ".join(f"{stage} {state}" for stage, state in training.stages.items())],
        *([["left out", "\n".join(map(str, lost))]] if (lost := training.data.overview.lost) else []),
        ["training", "trained anew" if anew else "nothing to train: data, parameters and code are unchanged"],
        [f"test {version.metric}", found.baseline.shown(version.value)],
        ["baseline", str(found.baseline)],
        *(_cross_validated(found)),
        ["precision", str(found.served)],
        ["registered", f"{training.workload} {registered}"],
        ["champion", training.decided.reason],
        *([["finished", training.late]] if training.late else []),
        ["MLflow run", version.run_id],
        ["Bento", training.bento],
        ["published", f"version {champion.number} in {training.published}"],
        ["endpoint", _answered(training.asked)],
    ]


def _cross_validated(found: Evaluated) -> list[list[str]]:
    """Return the rows of what was found by cross-validation; none where the test split was large enough."""
    if found.cross_validation is None:
        return []
    metric = found.version.metric
    beside = found.cross_validation.beside_baseline(metric, found.baseline.lower_is_better)
    return [
        [f"cross-validated {metric}", found.cross_validation.told(metric)],
        ["cross-validated baseline", str(beside)],
    ]


def publish_verdict(verdict: Verdict) -> None:
    """Keep the gate's whole table as an artifact of the run; nothing where nothing was judged."""
    if not verdict.rules:
        return
    title = f"# {verdict.workload} version {verdict.challenger}: {verdict.outcome}"
    publish_page(
        f"{title}\n\n{verdict.reason}\n\n{markdown(COLUMNS, verdict.rows())}\n",
        key=f"verdict-{verdict.workload}",
        description=f"What the gate last found of a version of {verdict.workload}",
    )


def _answered(asked: list[Asked]) -> str:
    if not asked:
        return "not asked: it takes other inputs than today's data"
    judged = [answer.right for answer in asked if answer.right is not None]
    if not judged:
        return f"{len(asked)} held-out examples, of which nobody knows what is right"
    return f"{sum(judged)} of {len(judged)} {asked[0].counted}"


def _answers(asked: list[Asked]) -> Section:
    rows = [
        [str(answer.index), answer.actual, answer.answered, answer.sure, f"{answer.milliseconds:.1f}"]
        for answer in asked
    ]
    measure = asked[0].measure if asked else "probability"
    return Section("Asked of the live endpoint", ["test row", "is", "answered", measure, "ms"], rows)


def _verdict(verdict: Verdict) -> Section:
    title = f"The gate: {verdict.workload} version {verdict.challenger} against {verdict.against}"
    return Section(title, COLUMNS, verdict.short())
