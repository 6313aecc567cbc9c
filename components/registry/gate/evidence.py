"""The evidence: what is measured of a challenger and of the champion beside it, by which the rules judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.kinds.evaluation import Behaviour, Leak
from components.registry.gate.statistics import Difference


@dataclass(frozen=True)
class MetricComparison:
    """One number, a metric or a cost, of both models."""

    name: str
    challenger: float
    champion: float | None = None
    """None: there is no champion, or it cannot be evaluated on today's data."""
    difference: Difference | None = None
    """Where both answered the same examples."""
    count: int = 0
    """Examples."""


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
