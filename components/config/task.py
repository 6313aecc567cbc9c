"""What the section `train` says of the task: what decides, and what is decided by. Each key is for one or two tasks."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from components.config.section import Section

Share = Annotated[float, Field(gt=0.0, lt=1.0)]


class TaskOptions(Section):
    """The keys of every task; which of them a task knows, it says itself (`OPTIONS`)."""

    metric: str | None = None
    """What decides which of two models is better. Left out: of a classification `accuracy` (or `macro_f1`), of a
    detection and of anomalies `average_precision` (or `cost_per_1000`), of a regression `rmse` (or `mae`,
    `pinball_loss`), of a ranking `ndcg_at_10` (or `recall_at_20`)."""
    false_alarm: Annotated[float, Field(gt=0.0)] = 5.0
    """Detection: what a false alarm costs, where a missed positive costs its amount, or 1 in data without amounts. The
    threshold is where the validation split costs least."""
    least_precision: Share | None = None
    """Detection: put the threshold where most positives are found while this part of the alarms is right."""
    least_recall: Share | None = None
    """Detection: put the threshold where alarms are fewest while this part of the positives is found."""
    alerts: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.01
    """Anomalies, and a detection with `labels: none`: part of the validation split that the threshold flags."""
    coverage: Share = 0.9
    """Regression: part of the intervals that shall hold the true number."""

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        if self.least_precision is not None and self.least_recall is not None:
            raise ValueError("least_precision and least_recall each ask for a threshold of their own: leave one out")
        return self
