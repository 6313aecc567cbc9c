"""What is said of a canary: to the metrics, and to whoever follows what is published."""

from components.inference.champion.follow_tried import TriedFollower
from components.inference.engine.canary import Canary
from components.inference.engine.engine import Engine
from components.inference.gateway.exposition import cell
from components.inference.gateway.metrics import Metrics


def report_canaries(engine: Engine, follower: TriedFollower, metrics: Metrics) -> None:
    """Have the engine tell of its canaries from now on."""

    def begun(canary: Canary) -> None:
        canary.told = metrics.tried
        metrics.canary(canary.trial.version, 1)

    def ended(canary: Canary, why: str) -> None:
        metrics.canary(canary.trial.version, 0)
        if why:
            metrics.canary_stopped(canary.trial.version)
        follower.ended(canary.trial, why)

    engine.canary_begun, engine.canary_ended = begun, ended


def canary_cells(engine: Engine) -> dict[str, float]:
    """Return the share of the worker that is asked, by the name of its cell; none where nothing is tried."""
    if (canary := engine.canary) is None:
        return {}
    return {cell("journeyman_canary_share", version=canary.trial.version): canary.trial.share}
