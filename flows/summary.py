"""What a run of the flow `train` came to: for the console, and as a Prefect artifact."""

from dataclasses import dataclass

from prefect.artifacts import create_markdown_artifact

from components.inference.check import Asked
from components.inference.served import Served
from components.kinds.baseline import Comparison
from components.registry.gate import COLUMNS, Verdict
from components.registry.promotion import Outcome
from components.registry.register import Version
from flows.overview import DataReport
from flows.tables import markdown, table

_ANSWERS = ["test row", "is", "answered", "probability", "ms"]
_FACTS = ["what", "outcome"]


@dataclass(frozen=True)
class Found:
    """What the stages left, and what was found of it."""

    version: Version
    new: bool
    """Whether it was registered in this run."""
    baseline: Comparison
    """Of the bundle that the stages chose."""
    served: Served
    verdict: Verdict


@dataclass(frozen=True)
class Summary:
    """The outcome of one run."""

    workload: str
    stages: dict[str, str]
    """Completed, Cached or Skipped, by stage."""
    data: DataReport
    found: Found
    decided: Outcome
    bento: str
    asked: list[Asked]
    published: str
    """Where endpoints find it to be at work."""
    late: str = ""
    """What this run finished of an earlier one that was cut short, in one line."""

    def __str__(self) -> str:
        answers = table("Asked of the live endpoint", _ANSWERS, self._answers())
        return f"{_verdict_table(self.found.verdict)}{answers}\n{table(self.workload, _FACTS, self._facts())}"

    def publish(self) -> None:
        """Keep the summary as a Markdown artifact of the flow run."""
        answers = markdown(_ANSWERS, self._answers())
        facts = markdown(_FACTS, self._facts())
        create_markdown_artifact(
            f"# {self.workload}\n\n{facts}\n\n## Asked of the live endpoint\n\n{answers}\n",
            key=f"summary-{self.workload.replace('_', '-')}",
            description=f"What the last run of train came to for {self.workload}",
        )

    def _facts(self) -> list[list[str]]:
        found, version = self.found, self.found.version
        trained = self.stages["train"] == "Completed"
        registered = f"version {version.number}" + ("" if found.new else " (registered before)")
        right = sum(asked.answered == asked.actual for asked in self.asked)
        answered = f"{right} of {len(self.asked)} held-out examples right"
        return [
            ["stages", ", ".join(f"{stage} {state}" for stage, state in self.stages.items())],
            *([["left out", "\n".join(map(str, lost))]] if (lost := self.data.overview.lost) else []),
            ["training", "trained anew" if trained else "nothing to train: data, parameters and code are unchanged"],
            [f"test {version.metric}", f"{version.value:.2%}"],
            ["baseline", str(found.baseline)],
            ["precision", str(found.served)],
            ["registered", f"{self.workload} {registered}"],
            ["champion", self.decided.reason],
            *([["finished", self.late]] if self.late else []),
            ["MLflow run", version.run_id],
            ["Bento", self.bento],
            ["published", f"version {self.decided.champion.number} in {self.published}"],
            ["endpoint", answered if self.asked else "not asked: it takes other inputs than today's data"],
        ]

    def _answers(self) -> list[list[str]]:
        return [
            [str(asked.place), asked.actual, asked.answered, f"{asked.probability:.3f}", f"{asked.milliseconds:.1f}"]
            for asked in self.asked
        ]


def publish_verdict(verdict: Verdict) -> None:
    """Keep the gate's whole table as a Markdown artifact of the run; nothing where nothing was examined."""
    if not verdict.rules:
        return
    passed = "passed, with warnings" if verdict.warnings else "passed"
    title = f"# {verdict.workload} version {verdict.challenger}: {passed if verdict.passed else 'REFUSED'}"
    create_markdown_artifact(
        f"{title}\n\n{verdict.reason}\n\n{markdown(COLUMNS, verdict.rows())}\n",
        key=f"verdict-{verdict.workload.replace('_', '-')}",
        description=f"What the gate last found of a version of {verdict.workload}",
    )


def _verdict_table(verdict: Verdict) -> str:
    if not verdict.rules:
        return ""
    against = f"version {verdict.champion}" if verdict.champion else "no champion"
    title = f"The gate: {verdict.workload} version {verdict.challenger} against {against}"
    return f"{table(title, COLUMNS, verdict.short())}\n"
