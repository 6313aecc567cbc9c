"""A figure and how sure it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """An estimate, and the ends of its interval; all three not a number where nothing is known."""

    estimate: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the distance between both ends."""
        return (self.high - self.low) / 2


UNKNOWN = Interval(float("nan"), float("nan"), float("nan"))
"""What is said of no rows at all."""
