"""What a search is for: the metric that decides, milliseconds of an answer, seconds of training."""

from typing import Literal, NamedTuple, get_args

from components.config.errors import ConfigError
from components.config.params import choose

Goal = Literal["metric", "latency", "cost"]
Direction = Literal["maximize", "minimize"]
_ALSO = {"accuracy": "metric"}  # what people call it, whatever the metric is


class Reached(NamedTuple):
    """What a trial comes to."""

    metric: float
    """Of the validation split; higher is better."""
    latency: float
    """CPU milliseconds of the answer to one example, by the served graph on one thread."""
    cost: float
    """CPU seconds of the training."""


def goals_of(said: str) -> tuple[Goal, ...]:
    """Return the goals of `metric,latency`, each once.

    Raises:
        ConfigError: there is no such goal, or none at all.
    """
    known = list(get_args(Goal))
    named = [_ALSO.get(name.strip(), name.strip()) for name in said.split(",") if name.strip()]
    if not named:
        raise ConfigError(f"--for: names no goal. Allowed: {', '.join(known)}")
    chosen = [choose(name, known, "--for", "goal") for name in named]
    return tuple(goal for goal in get_args(Goal) if goal in chosen)


def direction(goal: Goal) -> Direction:
    """Return whether more of it is better, as Optuna says it."""
    return "maximize" if goal == "metric" else "minimize"
