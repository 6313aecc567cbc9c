"""Find a workload's section of `params.yaml`, and the parts of its kind, by name."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from components.config import params
from components.config.errors import ConfigError

if TYPE_CHECKING:
    from components.kinds import contract


def names() -> list[str]:
    """Return every kind there is."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("kinds/*/codec"))


def workloads() -> dict[str, params.Workload]:
    """Return every workload of `params.yaml`, typed by its kind.

    Raises:
        ConfigError: one line that names the first thing wrong.
    """
    return {name: _typed(name, section) for name, section in params.read_workloads().items()}


def workload(name: str) -> params.Workload:
    """Return the workload of that name; the whole file must be in order.

    Raises:
        ConfigError: there is none of that name, or something in `params.yaml` is wrong.
    """
    everything = workloads()
    return everything[params.choose(name, list(everything), str(params.PARAMS), "workload")]


def codec(kind: str) -> "contract.Codec":
    """Return the kind's codec."""
    return cast("contract.Codec", _module(kind, "codec"))


def source(kind: str) -> "contract.Source":
    """Return how the kind reads its sources."""
    return cast("contract.Source", _module(kind, "source"))


def preparation(kind: str) -> "contract.Preparation":
    """Return how the kind prepares raw records."""
    return cast("contract.Preparation", _module(kind, "prepare"))


def sample(kind: str) -> "contract.Sample":
    """Return how the kind shows held-out examples as callers send them."""
    return cast("contract.Sample", _module(kind, "sample"))


def overview(kind: str) -> "contract.Overviews":
    """Return how the kind shows people what became of a source."""
    return cast("contract.Overviews", _module(kind, "overview"))


def scoring(kind: str) -> "contract.Scoring":
    """Return how the kind answers very many rows at once."""
    return cast("contract.Scoring", _module(kind, "scoring"))


def learner(kind: str) -> "contract.Learner":
    """Return how the kind learns. Imports torch."""
    return cast("contract.Learner", _module(kind, "learner"))


def metric(kind: str) -> str:
    """Return the name of the metric that decides which of two models of the kind is better; higher is better."""
    return cast("contract.Params", _module(kind, "params")).METRIC


def evaluation(kind: str) -> "contract.Evaluation":
    """Return how the kind is evaluated."""
    return cast("contract.Evaluation", _module(kind, "evaluation"))


def _typed(name: str, section: dict[str, object]) -> params.Workload:
    where = f"{params.PARAMS}: workloads.{name}"
    if "kind" not in section:
        raise ConfigError(f"{where}.kind: missing. Allowed: {', '.join(names())}")
    kind = params.choose(str(section["kind"]), names(), f"{where}.kind", "kind")
    model = cast("contract.Params", _module(kind, "params")).Workload
    return params.parse(model, section, f"{where}.")


def _module(kind: str, part: str) -> object:
    return import_module(f"components.kinds.{kind}.{part}")
