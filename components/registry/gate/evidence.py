"""The evidence: what is measured of a challenger and of the champion beside it, by which the rules judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.kinds.evaluation import Behaviour, Leak
from components.registry.gate.statistics import Difference


@dataclass(frozen=True)
class Scale:
    """What a metric is measured in."""

    unit: float = 1.0
    """What the gate's margins count: 1, or what the labels or costs are measured in."""
    lower_is_better: bool = False

    @property
    def reach(self) -> float:
        """How far from 0 a difference may lie: a share cannot change by more than 1, a loss may."""
        return 100.0 * self.unit if self.lower_is_better else 1.0


@dataclass(frozen=True)
class MetricComparison:
    """One number, a metric or a cost, of both models."""

    name: str
    challenger: float
    champion: float | None = None
    """None: there is no champion, or it cannot be evaluated on today's data."""
    difference: Difference | None = None
    """Where both answered the same examples: by how much the challenger is better, in the metric's own numbers."""
    count: int = 0
    """Examples."""
    scale: Scale = Scale()


@dataclass(frozen=True)
class CalibrationComparison:
    """How far predicted probabilities are from observed ones."""

    error: MetricComparison
    """Expected calibration error."""
    chance: float
    """The 95th percentile of what that would be if every one of these probabilities were true."""
    brier: MetricComparison
    frequencies: float
    """The Brier score of always answering how frequent the classes are."""


@dataclass(frozen=True)
class StatedComparison:
    """A share that the challenger states of its answers, and how often it came true."""

    name: str
    """`coverage`, `coverage, shop: a`, `alert rate`."""
    stated: float
    found: MetricComparison
    hits: int
    """Test examples of which it came true, of `found.count`."""
    calibrated_on: int
    """Validation examples by which the model was set to that share."""
    at_least: bool
    """Whether more is as good; else less is."""
    part: bool = False
    """Whether it is of a part of the test split."""


@dataclass(frozen=True)
class CorruptedComparison:
    """The deciding metric under one corruption."""

    found: MetricComparison
    uncorrupted: float
    """The challenger's on the same examples as they are."""


@dataclass(frozen=True)
class Evidence:
    """Everything that is measured."""

    overall: MetricComparison
    """The deciding metric on the test split; beside a champion, on its examples of classes that both know."""
    whole: float
    """The challenger's on the whole of it."""
    slices: Sequence[MetricComparison]
    calibration: CalibrationComparison | None
    """None: what the model answers is no probability."""
    stated: Sequence[StatedComparison]
    """What else it states of its answers."""
    unfamiliar: Sequence[StatedComparison]
    """The share of the test split that is flagged as unfamiliar; nothing where the challenger cannot tell."""
    corrupted: Sequence[CorruptedComparison]
    behaviours: Sequence[Behaviour]
    """Of the challenger."""
    before: Sequence[Behaviour]
    """The champion's."""
    cost: Sequence[MetricComparison]
    """`milliseconds` of one example, `megabytes` of the model, `memory` in megabytes."""
    leaks: Sequence[Leak]
    baseline: float | None
    """What the baseline reaches; None: not known."""
    chance: float
    """By how much a model that is as good as the baseline looks worse by chance: a one-sided bound of 95 %."""
    validated: str | None
    """What shows that the training data passed validation; None: nothing does."""
