"""What is read, split and trained on, before anything is trained: the same words in a check and first in every run."""

from dataclasses import dataclass

from components import catalogue
from components.kinds.overview import Overview, counts_by_class
from components.kinds.prepared import SPLITS, PreparedData, Split
from components.training.fold_plan import FoldPlan, fold_plan
from components.training.plan import TrainingPlan, choice, training_plan
from components.training.unlabelled_plan import unlabelled_plan
from flows.report import publish_page
from flows.tables import markdown, table

_CLASSES = ["label", *SPLITS, "first examples"]
_FACTS = ["what", "found"]
_SHOWN = 30  # classes with a row of their own
_EXAMPLES = 3
_FEW_CLASSES = 4  # up to so many have several examples each


@dataclass(frozen=True)
class DataReport:
    """A prepared data set in two tables: examples by class and split, then how the source was read."""

    workload: str
    counts: dict[str, dict[Split, int]]
    overview: Overview
    choice: str | None
    """How what the section `train` leaves to the data is decided; None: it leaves nothing."""
    plan: TrainingPlan
    folds: FoldPlan
    unlabelled: str | None = None
    """What examples without labels are used for; None: there are none."""

    @property
    def title(self) -> str:
        """Return what stands above the tables."""
        return f"{self.workload}: what is read, split and trained on"

    def __str__(self) -> str:
        return f"{table(self.title, _CLASSES, self._classes())}{table('', _FACTS, self._facts())}"

    def publish(self) -> None:
        """Keep the report as a Markdown artifact of the flow run, without the examples, which may name somebody."""
        counts = [row[:-1] for row in self._classes()]
        classes, facts = markdown(_CLASSES[:-1], counts), markdown(_FACTS, self._facts())
        publish_page(
            f"# {self.title}\n\n{classes}\n\n{facts}\n",
            key=f"data-{self.workload}",
            description=f"What the last run of train read for {self.workload}",
        )

    def _classes(self) -> list[list[str]]:
        rows = [[name, *_numbers(counts), self._examples(name)] for name, counts in self.counts.items()]
        hidden = list(self.counts.values())[_SHOWN:]
        if hidden:
            rest = {split: sum(counts[split] for counts in hidden) for split in SPLITS}
            rows = [*rows[:_SHOWN], [f"{len(hidden)} more labels", *_numbers(rest), ""]]
        total = {split: sum(counts[split] for counts in self.counts.values()) for split in SPLITS}
        return [*rows, ["all", *_numbers(total), ""]]

    def _examples(self, name: str) -> str:
        few = _EXAMPLES if len(self.counts) <= _FEW_CLASSES else 1
        return "\n".join(self.overview.examples.get(name, [])[:few])

    def _facts(self) -> list[list[str]]:
        overview = self.overview
        training = [self.choice, self.unlabelled, str(self.plan), self.plan.warning, self.folds.told]
        facts = {
            "read": list(overview.read),
            "left out": [str(finding) for finding in overview.lost] or ["nothing"],
            "noticed": [str(finding) for finding in overview.findings if not finding.lost],
            "training": list(filter(None, training)),
        }
        return [[what, "\n".join(lines)] for what, lines in facts.items() if lines]


def report_data(data: PreparedData, name: str) -> DataReport:
    """Return the report on a prepared data set of the workload `name`."""
    overview = catalogue.overview(data.kind).overview(data)
    asked, supervised = catalogue.workload(name), catalogue.is_supervised(data.kind, data.task)
    workload = catalogue.decided(asked, data)
    plan = training_plan(workload.train, data.counts["train"], data.input, supervised)
    told, folds = choice(asked.train, data, supervised), fold_plan(data, workload, supervised)
    unlabelled = unlabelled_plan(data, workload.train)
    return DataReport(name, counts_by_class(data), overview, told, plan, folds, unlabelled)


def _numbers(counts: dict[Split, int]) -> list[str]:
    return [f"{counts[split]:,}" for split in SPLITS]
