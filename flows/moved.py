"""What it came to when a person promoted a version or rolled one back: for the console, and as a Prefect artifact."""

from dataclasses import dataclass

from prefect.artifacts import create_markdown_artifact

from components.registry.promotion import Outcome
from components.registry.promotion.ledger import Ledger
from flows.release import package_champion, publish_champion
from flows.tables import markdown, table

_FACTS = ["what", "outcome"]


@dataclass(frozen=True)
class Moved:
    """The outcome of one run."""

    workload: str
    outcome: Outcome
    bento: str
    published: str
    """Where endpoints find it to be at work."""

    def __str__(self) -> str:
        return table(self.workload, _FACTS, self._facts())

    def publish(self) -> None:
        """Keep it as a Markdown artifact of the flow run."""
        create_markdown_artifact(
            f"# {self.workload}\n\n{markdown(_FACTS, self._facts())}\n",
            key=f"moved-{self.workload.replace('_', '-')}",
            description=f"Who was put to work last by a person for {self.workload}",
        )

    def _facts(self) -> list[list[str]]:
        champion = self.outcome.champion
        behind = Ledger(self.workload).read().behind
        return [
            ["champion", self.outcome.reason],
            ["at work", f"version {champion.number}, {champion.metric} {champion.value:.4f}"],
            ["a rollback leads to", f"version {behind[0]}" if behind else "nothing: there was none before"],
            ["Bento", self.bento],
            ["published", f"version {champion.number} in {self.published}"],
        ]


def follow(workload: str, outcome: Outcome) -> Moved:
    """Have Bento and endpoints follow a person's change, and publish what it came to."""
    bundle, bento = package_champion(outcome.champion)
    moved = Moved(workload, outcome, bento, publish_champion(bundle, outcome.champion))
    moved.publish()
    return moved
