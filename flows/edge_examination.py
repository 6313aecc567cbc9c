"""Whether an edge folder answers the whole test split as well as its bundle does: a rule of its export."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from components import catalogue
from components.config.errors import DataError
from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.inference.edge import compressed, examine
from components.kinds.prepared import open_prepared


@dataclass(frozen=True)
class Examination:
    """What was found."""

    metric: str
    here: float
    """What the bundle reaches in Python."""
    there: float
    """What it reaches in the runtime of browsers."""
    lost: float
    """How much worse that is."""
    margin: float
    """How much it may be."""
    examples: int
    difference: float
    """The largest of an output."""
    opened: float
    """Milliseconds."""
    milliseconds: float
    megabytes: float
    """Of all files, compressed."""

    @property
    def passed(self) -> bool:
        """Whether it is good enough; what is not a number is not."""
        return self.lost <= self.margin

    @property
    def refusal(self) -> str:
        """In one line, why it is not."""
        return (
            f"in the runtime of browsers its {self.metric} is {self.there:.4f} on {self.examples:,} test examples, "
            f"{self.here:.4f} in Python: it loses more than {self.margin:.4f} (serve.margin)"
        )

    def __str__(self) -> str:
        return (
            f"{self.examples:,} test examples: {self.metric} {self.there:.4f}, {self.here:.4f} in Python; "
            f"largest difference of an output {self.difference:.1e}; {self.milliseconds:.1f} ms a run, "
            f"{1e3 / self.milliseconds:.0f} a second; model open in {self.opened:.0f} ms; "
            f"{self.megabytes:.1f} MB compressed"
        )


def examination(workload: str, folder: Path, bundle: Path) -> Examination | str:
    """Return how the folder answers the test split that is here; a sentence: why it was not examined."""
    section, prepared = catalogue.workload(workload), artifacts(workload, "prepared")
    try:
        data = open_prepared(prepared)
    except DataError:
        return "not examined: there is no test split here; run dvc repro, or dvc pull"
    opened = Bundle(bundle)
    about = opened.about
    evaluation = catalogue.evaluation(data.kind, data.task)
    if about.classes != data.classes or about.kind != data.kind or not evaluation.accepts(about.input, data):
        return "not examined: the test split here is of other data than the version's"
    config, inputs = catalogue.decided(section, data).train, np.asarray(data.inputs("test"))
    found = examine(folder, inputs, catalogue.answers(about.kind, about.task).OUTPUT)
    if found is None:
        return "not examined: Node is not installed, which runs what browsers run"
    expected, every = opened.outputs(inputs), np.arange(len(inputs))
    metric = evaluation.metric(data, config)
    here, there = (
        evaluation.measures(data, outputs, about.decision, config, every)[metric]
        for outputs in (expected, found.outputs)
    )
    lost = (there - here) * (1.0 if evaluation.lower_is_better(metric) else -1.0)
    return Examination(
        metric,
        here,
        there,
        lost,
        section.serve.margin * evaluation.unit(data, config),
        len(inputs),
        float(np.abs(found.outputs - expected).max()),
        found.opened,
        found.milliseconds,
        compressed(folder) / 1e6,
    )
