"""What hours and kilowatt-hours come to: by `prices` of `params.yaml`, and not at all without."""

from components.config.prices import Prices
from components.ledger.power import Power
from components.ledger.totals import Total
from components.plan.demand import MONTH, Demand
from components.plan.figure import Figure, Known, not_known
from components.plan.fleet import Fleet
from components.plan.past import Past

_KWH, _HOUR, _GB = 3.6e6, 3600.0, 1e9


def fleet_kwh(fleet: Fleet, demand: Demand, power: Power) -> Figure:
    """Return the energy of a month of answering: cores at work, and memory that is held."""
    held = fleet.memory * fleet.replicas * power.byte_watts * MONTH
    value, low, high = ((cpu * power.core_watts + held) / _KWH for cpu in fleet.used(demand))
    return Figure("energy a month", value, "kWh", "assumed", f"{power.assumed}; power.json has it", low, high)


def fleet_money(fleet: Fleet, demand: Demand, power: Power, prices: Prices, past: Past) -> Figure:
    """Return the price of a month of answering: cores that are held, energy where it is priced, and what is sent."""
    name = "money a month"
    if prices.cpu_hour is None:
        return not_known(name, "params.yaml has no prices.cpu_hour, see docs/costs.md")
    cores = fleet.cores * MONTH / _HOUR * prices.cpu_hour
    energy = fleet_kwh(fleet, demand, power)
    sent, said = 0.0, f"{fleet.cores} cores held x 730.5 h x {prices.cpu_hour:g}, {_whose(prices)}"
    if prices.kwh is not None:
        said += ", and the energy"
    if prices.transfer is not None and past.answers and past.answers.requests:
        sent = past.answers.sent / past.answers.requests * demand.answers / _GB * prices.transfer
        said += f", and {past.answers.sent / past.answers.requests:,.0f} bytes an answer, by the ledger"
    value, low, high = (
        cores + sent + (each or 0.0) * (prices.kwh or 0.0) for each in (energy.value, energy.low, energy.high)
    )
    return Figure(name, value, prices.currency, "extrapolated", said, low, high)


def training_money(total: Total, times: float, prices: Prices, name: str) -> Figure:
    """Return the price of so many trainings, by what one used."""
    if not prices.any:
        return not_known(name, "params.yaml has no prices, see docs/costs.md")
    if total.unpriced:
        return not_known(name, f"{', '.join(total.unpriced)}: no price in params.yaml")
    known: Known = "from the ledger" if times == 1 else "extrapolated"
    return Figure(name, total.money * times, prices.currency, known, f"hours used, {_whose(prices)}")


def _whose(prices: Prices) -> str:
    return f"prices: {prices.source}, {prices.dated}"
