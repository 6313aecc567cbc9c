"""What a run of the flow `train` came to: for the console, and as a Prefect artifact."""

from dataclasses import dataclass

from prefect.artifacts import create_markdown_artifact

from components.inference.check import Asked
from components.inference.served import Served
from components.kinds.baseline import Comparison
from components.registry.promotion import Outcome
from components.registry.register import Version
from flows.tables import markdown, table

_ANSWERS = ["test row", "is", "answered", "probability", "ms"]
_FACTS = ["what", "outcome"]


@dataclass(frozen=True)
class Summary:
    """The outcome of one run."""

    workload: str
    stages: dict[str, str]
    """Completed, Cached or Skipped, by stage."""
    version: Version
    new: bool
    baseline: Comparison
    """Of the bundle that the stages chose."""
    served: Served
    decided: Outcome
    bento: str
    asked: list[Asked]
    published: str
    """Where endpoints find it to be at work."""

    def __str__(self) -> str:
        answers = table("Asked of the live endpoint", _ANSWERS, self._answers())
        return f"{answers}\n{table(self.workload, _FACTS, self._facts())}"

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
        trained = self.stages["train"] == "Completed"
        registered = f"version {self.version.number}" + ("" if self.new else " (registered before)")
        right = sum(asked.answered == asked.actual for asked in self.asked)
        return [
            ["stages", ", ".join(f"{stage} {state}" for stage, state in self.stages.items())],
            ["training", "trained anew" if trained else "nothing to train: data, parameters and code are unchanged"],
            [f"test {self.version.metric}", f"{self.version.value:.2%}"],
            ["baseline", str(self.baseline)],
            ["precision", str(self.served)],
            ["registered", f"{self.workload} {registered}"],
            ["champion", self.decided.reason],
            ["MLflow run", self.version.run_id],
            ["Bento", self.bento],
            ["published", f"version {self.decided.champion.number} in {self.published}"],
            ["endpoint", f"{right} of {len(self.asked)} held-out examples right"],
        ]

    def _answers(self) -> list[list[str]]:
        return [
            [str(asked.place), asked.actual, asked.answered, f"{asked.probability:.3f}", f"{asked.milliseconds:.1f}"]
            for asked in self.asked
        ]
