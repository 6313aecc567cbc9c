"""What is measured in the champion's shadow: which calls, and what is said of it to metrics and whoever follows."""

from components.inference.champion.follow_tried import TriedFollower
from components.inference.engine.engine import Engine
from components.inference.engine.shadow import Shadow
from components.inference.gateway.call import Call
from components.inference.gateway.metrics import Metrics


def measure_answered(engine: Engine, call: Call) -> None:
    """Offer a call that is over, its answer sent, to be measured, if the champion has answered all of it."""
    shadow = engine.shadow
    if shadow and call.examples is not None and call.version == shadow.trial.against:
        shadow.answered(call.examples)


def report_shadows(engine: Engine, follower: TriedFollower, metrics: Metrics) -> None:
    """Have the engine tell of its shadows from now on."""

    def begun(shadow: Shadow) -> None:
        shadow.told, shadow.failed = told, metrics.shadow_failed
        metrics.shadowed(shadow.trial.version, 1)

    def told(version: str, seconds: float, champion: float) -> None:
        metrics.measured(version, seconds, "challenger")
        metrics.measured(engine.model.version, champion, "champion")

    def ended(shadow: Shadow, why: str) -> None:
        metrics.shadowed(shadow.trial.version, 0)
        if why:
            metrics.shadow_stopped(shadow.trial.version)
        follower.ended(shadow.trial, why)

    engine.shadow_begun, engine.shadow_ended = begun, ended
