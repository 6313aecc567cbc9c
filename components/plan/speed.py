"""How much faster another machine is than this one, by what both were measured to do."""

import math
from collections.abc import Sequence
from pathlib import Path

from components.config.errors import ConfigError
from components.ledger.measure import processor
from components.plan.hosts import SPEEDS, Host
from components.plan.predicted import Predicted
from components.system.processes import cores


def this_machine(hosts: Sequence[Host], path: Path) -> Host:
    """Return the line of this machine, by its processor and cores.

    Raises:
        ConfigError: it has none, so that others cannot be compared with it.
    """
    own = [host for host in hosts if not host.gpu and (host.processor, host.cores) == (processor(), cores())]
    if not own:
        raise ConfigError(f"{path}: no line of this machine, which others are compared with; add it: "
                          f"python -m flows.measure --into {path}")  # fmt: skip
    return own[0]


def relative_speed(host: Host, own: Host) -> Predicted:
    """Return how many times as fast a core of `host`, or its GPU, is as a core of `own`.

    The geometric mean of the ratios of matrices, convolutions and memory; the interval goes from the least of them to
    the greatest, for it is not known which of them a model is bound by.
    """
    ratios = [getattr(host, name) / getattr(own, name) for name in SPEEDS]
    return Predicted(math.prod(ratios) ** (1 / len(ratios)), min(ratios), max(ratios))
