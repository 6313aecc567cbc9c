"""What a search may vary: of a key of the section `train` an interval, or some values."""

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | bool


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`, both among them."""

    low: float
    high: float
    log: bool = False
    """Drawn evenly by their logarithm."""
    whole: bool = False

    def nearest(self, value: Value | None) -> Value:
        """Return the number of the interval that is nearest to `value`."""
        assert isinstance(value, int | float)
        found = min(self.high, max(self.low, value))
        return int(found) if self.whole else float(found)


def by_scale(low: float, high: float, value: float) -> Interval:
    """Return the interval from `low` to `high`, by the logarithm, stretched to `value`; where that is 0, evenly."""
    return Interval(min(low, value), max(high, value), log=value > 0)


@dataclass(frozen=True)
class Choice:
    """Some values, in no order."""

    values: tuple[Value, ...]

    def nearest(self, value: Value | None) -> Value:
        """Return `value`, which is among them."""
        assert value in self.values
        assert value is not None
        return value


Space = Mapping[str, Interval | Choice]
"""By key of the section `train`."""
