"""All that a plan says, before it is written as a page, as Markdown or as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from components.plan.demand import Demand
from components.plan.figure import Figure
from components.plan.fleet import Fleet, Model


@dataclass(frozen=True)
class Served:
    """A model, and the fleet that answers the load with it on this machine's cores."""

    model: Model
    fleet: Fleet | None
    """None: no number of workers keeps p99."""
    service: Sequence[Figure]
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Made:
    """A registered version: what it reached and what it took."""

    version: str
    metric: float
    cpu: float
    """Seconds."""
    recipe: str


@dataclass(frozen=True)
class Plan:
    """The plan of one workload."""

    workload: str
    day: date
    objective: str
    metric: str
    demand: Demand
    machine: str
    served: Sequence[Served]
    """The first is the one that serves now."""
    training: Sequence[Figure]
    hosts: Sequence[Figure]
    """Inference and training on other machines."""
    beyond: Sequence[Figure]
    """Where the edge or a GPU begins to pay, and what endpoints have taken so far."""
    value: Sequence[Figure]
    made: Sequence[Made]
    even: Sequence[Figure]
    shares: Sequence[tuple[date, float]]
    """Of training in all that is used, by day; empty: not known."""
    assumptions: Sequence[tuple[str, str]]
    warnings: Sequence[str]

    @property
    def first(self) -> Served:
        """Return the model that serves now."""
        return self.served[0]


def figure_of(figures: Sequence[Figure], name: str) -> Figure | None:
    """Return the number of that name; None: there is none."""
    return next((figure for figure in figures if figure.name == name), None)
