"""What a plan is for: how much is asked, how fast the answers have to be, how often the model is trained anew."""

import re
from dataclasses import dataclass

from components.config.errors import ConfigError

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86_400.0, "month": 2_629_746.0}
"""Of a month as of a twelfth of a year of 365.2425 days."""
MONTH = SECONDS["month"]
_TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_RETRAIN = {"hourly": MONTH / 3600, "daily": MONTH / 86_400, "weekly": MONTH / 604_800, "monthly": 1.0, "never": 0.0}
_NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"


@dataclass(frozen=True)
class Demand:
    """What is asked of both phases."""

    rate: float
    """Requests a second on average."""
    peak: float
    """Times the average that the busiest time has."""
    p99: float
    """Seconds that 99 of 100 answers have to stay within, also at the peak and with a replica lost."""
    trainings: float
    """A month."""
    retrain: str
    """The same as it was said."""

    @property
    def busiest(self) -> float:
        """Return the requests a second of the busiest time."""
        return self.rate * self.peak

    @property
    def answers(self) -> float:
        """Return the answers of a month."""
        return self.rate * MONTH


def demand(requests: str, peak: float, p99: str, retrain: str) -> Demand:
    """Return what the command line says.

    Raises:
        ConfigError: one line for what is wrong with it.
    """
    if not 1.0 <= peak < 1e6:
        raise ConfigError(f"--peak {peak:g}: how many times the average the busiest time has, at least 1")
    seconds = _quantity("--p99", p99, _TIMES, r"", "20ms or 0.5s")
    a_second = {name: 1 / each for name, each in SECONDS.items()}
    rate = _quantity("--requests", requests, a_second, "/", "50/s or 3000/day")
    return Demand(rate, peak, seconds, _trainings(retrain), retrain)


def _quantity(option: str, said: str, units: dict[str, float], between: str, example: str) -> float:
    found = re.fullmatch(rf"{_NUMBER}{between}({'|'.join(units)})", said.replace(" ", ""))
    value = float(found[1]) * units[found[2]] if found else 0.0
    if not 0.0 < value < 1e12:
        raise ConfigError(f"{option} {said}: expected a number above 0 and a unit, as {example}")
    return value


def _trainings(said: str) -> float:
    if said in _RETRAIN:
        return _RETRAIN[said]
    if found := re.fullmatch(rf"{_NUMBER}/month", said):
        return float(found[1])
    raise ConfigError(f"--retrain {said}: expected {', '.join(_RETRAIN)}, or how often a month, as 10/month")
