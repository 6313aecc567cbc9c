"""Who has used what a worker has used: the processor's seconds of a while, divided among routes, versions and idling.

The whole is the kernel's number for the process, all threads, and nothing of it is lost. What a second without requests
takes is idling. Of the rest, routes that no model works for take what their coroutines were seen to take (one request
in `EVERY` is timed), and what remains is theirs whom the model answered, by the seconds that they were at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.inference.gateway.protocols.open_inference.paths import INFER
from components.inference.gateway.protocols.sagemaker import INVOCATIONS

EVERY = 32
"""Of so many requests one is timed, besides the first of each route."""
IDLE = "idle"
MODEL = frozenset({"/predict", "/explain", "/labels", INVOCATIONS, INFER})
"""Routes that the model, its memory or the log work for."""
_RECENT = 0.1  # the part that the last second without requests has in what such a second is known to take

Key = tuple[str, str]
"""(route, version)"""


@dataclass
class Asked:
    """What was asked of a route and version in a while."""

    requests: int = 0
    seconds: float = 0.0
    """From arrival to answer, of all together."""
    sent: int = 0
    """Bytes of answers."""


@dataclass
class Shares:
    """What is known of one worker."""

    idle: float = 0.0
    """CPU seconds of a second without requests."""
    steps: dict[str, float] = field(default_factory=dict)
    """CPU seconds of a request's steps in the event loop, by route: a mean of those that were timed."""
    _timed: dict[str, int] = field(default_factory=dict)

    def timed(self, route: str, seconds: float) -> None:
        """Take down how long the steps of one request took."""
        count = self._timed[route] = self._timed.get(route, 0) + 1
        known = self.steps.get(route, 0.0)
        self.steps[route] = known + (seconds - known) / count

    def divided(self, cpu: float, wall: float, asked: Mapping[Key, Asked]) -> dict[Key, float]:
        """Return the parts of `cpu`, the CPU seconds of the last `wall` seconds; they sum up to it."""
        if not asked:
            rate = cpu / max(wall, 1e-9)
            self.idle = rate if not self.idle else self.idle + _RECENT * (rate - self.idle)
            return {(IDLE, ""): cpu}
        idle = min(cpu, self.idle * wall)
        weights = self._weights(cpu - idle, asked)
        whole = sum(weights.values())
        found = {key: (cpu - idle) * weight / whole for key, weight in weights.items()}
        return {**found, (IDLE, ""): idle}

    def _weights(self, work: float, asked: Mapping[Key, Asked]) -> dict[Key, float]:
        """Return what each has to do with `work`, above 0; no more than that means anything."""
        light = {key: one.requests * self.steps.get(key[0], 0.0) for key, one in asked.items() if key[0] not in MODEL}
        model = {key: one.seconds for key, one in asked.items() if key[0] in MODEL}
        left = max(0.0, work - sum(light.values())) if model else 0.0
        seconds = sum(model.values())
        parts = light | {key: left * each / seconds if seconds else left / len(model) for key, each in model.items()}
        return parts if sum(parts.values()) > 0 else {key: float(one.requests) for key, one in asked.items()}
