"""What is measured of a challenger and of the champion beside it: what the rules judge by."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.kinds.examination import Behaviour, Leak
from components.registry.gate.statistics import Difference


@dataclass(frozen=True)
class Compared:
    """One number of both models."""

    name: str
    challenger: float
    champion: float | None = None
    """None: there is no champion, or it cannot be examined on today's data."""
    difference: Difference | None = None
    """Where both answered the same examples."""
    count: int = 0
    """Examples."""


@dataclass(frozen=True)
class Calibration:
    """Whether the probabilities can be believed."""

    error: Compared
    """Expected calibration error."""
    chance: float
    """What that would be at most, of twenty times nineteen, if every one of these probabilities were true."""
    brier: Compared
    frequencies: float
    """The Brier score of always answering how frequent the classes are."""


@dataclass(frozen=True)
class Spoilt:
    """The deciding metric under one corruption."""

    found: Compared
    unspoilt: float
    """The challenger's on the same examples as they are."""


@dataclass(frozen=True)
class Facts:
    """Everything that is measured."""

    overall: Compared
    """The deciding metric on the test split; beside a champion, on its examples of classes that both know."""
    whole: float
    """The challenger's on the whole of it."""
    slices: Sequence[Compared]
    calibration: Calibration | None
    """None: what the model answers is no probability."""
    spoilt: Sequence[Spoilt]
    behaviours: Sequence[Behaviour]
    """Of the challenger."""
    before: Sequence[Behaviour]
    """The champion's."""
    cost: Sequence[Compared]
    """`milliseconds` of one example, `megabytes` of the model, `memory` in megabytes."""
    leaks: Sequence[Leak]
    baseline: float | None
    """What the baseline reaches; None: not known."""
    chance: float
    """By how much a model that is as good as the baseline looks worse by chance, at most, of twenty times nineteen."""
    validated: str | None
    """What shows that the training data passed validation; None: nothing does."""
