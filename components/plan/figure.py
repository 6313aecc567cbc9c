"""A number of the plan, with how it is known: no number without a source."""

from dataclasses import dataclass
from typing import Literal

Known = Literal["measured", "from the ledger", "fitted", "extrapolated", "assumed", "not known"]


@dataclass(frozen=True)
class Figure:
    """One number."""

    name: str
    value: float | None
    """None: it is not known."""
    unit: str
    """`s`, `ms`, `B`, `h`, `kWh`, a currency, `/s`, `%`; empty: a count, or a plain number."""
    known: Known
    source: str
    """Where, when, of how many; the formula; or how to change what is assumed, or to get to know it."""
    low: float | None = None
    """Where its interval begins; None: it has none."""
    high: float | None = None

    @property
    def how(self) -> str:
        """Return how it is known, in words."""
        return f"{self.known}: {self.source}" if self.source else self.known


def not_known(name: str, why: str) -> Figure:
    """Return a number that is not known, and why."""
    return Figure(name, None, "", "not known", why)
