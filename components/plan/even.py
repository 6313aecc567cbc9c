"""When a cheaper model has paid for what its making took, and which part of all that is used each phase has."""

from datetime import date, timedelta

from components.plan.demand import MONTH, Demand
from components.plan.figure import Figure, not_known
from components.plan.fleet import Fleet, Model

_DAY = 86_400.0
HORIZON = 365
"""Days over which the phases are added up."""


def break_even(cheaper: Model, own: Fleet, other: Model, others: Fleet) -> Figure:
    """Return after how many answers `cheaper` has saved the CPU seconds that it was made with besides."""
    name = f"answers after which {cheaper.name} has paid, beside {other.name}"
    if cheaper.made is None:
        return not_known(name, "the ledger does not know what its making took")
    saved = others.cpu.value - own.cpu.value
    low, high = others.cpu.low - own.cpu.high, others.cpu.high - own.cpu.low
    if high <= 0:
        return not_known(name, f"never: it takes {-saved * 1e6:,.0f} µs more an answer")
    between = f"{low * 1e6:,.0f} to {high * 1e6:,.0f}"
    said = f"{cheaper.made:.1f} CPU-seconds by {saved * 1e6:,.0f} µs an answer (from {between})"
    if low <= 0:
        return not_known(name, f"{said}: the difference is within what was measured by chance")
    return Figure(name, cheaper.made / saved, "", "extrapolated", said, cheaper.made / high, cheaper.made / low)


def training_share(training: float, inference: float, demand: Demand, first: date) -> list[tuple[date, float]]:
    """Return of each day from `first` the part that training has in all CPU seconds so far.

    Args:
        training: CPU seconds of one training; the first is done before the first day.
        inference: CPU seconds of a month of answering.
        demand: how often the model is trained.
        first: the day.
    """
    shares = []
    for day in range(1, HORIZON + 1):
        trained = training * (1 + int(demand.trainings * day * _DAY / MONTH))
        shares.append((first + timedelta(days=day), trained / (trained + inference * day * _DAY / MONTH)))
    return shares
