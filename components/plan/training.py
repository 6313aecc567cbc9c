"""The numbers of training: what one took, here and on other machines, and what a month of them comes to."""

from collections.abc import Sequence

from components.config.prices import Prices
from components.plan.demand import Demand
from components.plan.figure import Figure, Known, not_known
from components.plan.hosts import Host
from components.plan.money import training_money
from components.plan.past import Past
from components.plan.speed import relative_speed

_SCALES = "train"
"""The stage that devices share; the others run once, on one."""
_MOST = 1024  # devices
_PAYS = 0.1  # of the whole time, that twice the devices have to save


def training_figures(past: Past, demand: Demand, prices: Prices) -> list[Figure]:
    """Return what one training took and what a month of them takes; of what the ledger does not know, that."""
    total = past.training
    if total is None:
        return [not_known("one training", "this folder's ledger has no line of it; train here, and plan again")]
    without = f"; without {', '.join(past.unknown)}, of which it has no line" if past.unknown else ""
    known = f"{past.where}, {past.when}, {total.runs} lines{without}"
    monthly = f"{demand.trainings:.3g} trainings ({demand.retrain}) x one; as long as its data does not grow"
    figures = [
        _over("CPU hours of one training", total.cpu / 3600, "h", known, _spread(past)),
        Figure("time of one training", total.wall, "s", "from the ledger", f"{known}; with what else ran there"),
        Figure("memory", float(total.peak), "B", "from the ledger", f"{known}; the largest process"),
        Figure("GPU hours of one training", total.gpu / 3600, "h", "from the ledger", known) if total.gpu else None,
        Figure(
            "energy of one training",
            total.kwh,
            "kWh",
            "from the ledger",
            "measured where counters tell, else estimated",
        ),
        training_money(total, 1, prices, "money of one training"),
        Figure("CPU hours a month", total.cpu / 3600 * demand.trainings, "h", "extrapolated", monthly),
        Figure("energy a month", total.kwh * demand.trainings, "kWh", "extrapolated", monthly),
        training_money(total, demand.trainings, prices, "money a month"),
        _devices(past),
    ]
    return [figure for figure in figures if figure is not None]


def host_figures(past: Past, hosts: Sequence[Host], own: Host) -> list[Figure]:
    """Return the time of one training on each machine."""
    if past.training is None:
        return []
    found = []
    for host in hosts:
        speed = relative_speed(host, own)
        train = sum(stage.wall for stage in past.stages if stage.part == _SCALES)
        beside = past.training.wall - train
        # a GPU is as fast as it was measured, and all but the training itself stays with the processor
        value, low, high = (
            beside + train / each if host.gpu else past.training.wall / each
            for each in (speed.value, speed.high, speed.low)
        )
        which = f"{host.gpu}, the stage train alone" if host.gpu else f"{host.cores} cores, as many at work as here"
        said = f"{which}; {speed.value:.2f} times as fast as here by five speeds measured {host.measured}"
        known: Known = "from the ledger" if host == own else "extrapolated"
        between = (None, None) if host == own else (low, high)
        found.append(Figure(f"time of one training on {host.name}", value, "s", known, said, *between))
    return found


def _spread(past: Past) -> tuple[float, float] | None:
    """Return by how much trainings so far differ in the stage train, as factors around the one that counts."""
    taken = [line.cpu_seconds for line in past.trains]
    current = next((stage.cpu for stage in past.stages if stage.part == _SCALES), 0.0)
    if len(taken) < 3 or not current or past.training is None:
        return None
    beside = past.training.cpu - current
    return (beside + min(taken)) / 3600, (beside + max(taken)) / 3600


def _over(name: str, value: float, unit: str, known: str, spread: tuple[float, float] | None) -> Figure:
    if spread is None:
        return Figure(name, value, unit, "from the ledger", known)
    said = f"{known}; the interval from the least to the most that the stage train has taken"
    return Figure(name, value, unit, "from the ledger", said, *spread)


def _devices(past: Past) -> Figure:
    """Return how many devices pay at most, by Amdahl's law (1967): what they do not share is done once."""
    name = "devices that pay, at most"
    whole = sum(stage.wall for stage in past.stages)
    shared = sum(stage.wall for stage in past.stages if stage.part == _SCALES)
    if not shared:
        return not_known(name, "the ledger has no line of the stage train")
    devices = 1
    while devices < _MOST and shared / (2 * devices) >= _PAYS * (whole - shared + shared / devices):
        devices *= 2
    said = f"Amdahl: {shared / whole:.0%} of the time is the stage train; twice as many have to save {_PAYS:.0%}"
    return Figure(name, devices, "", "extrapolated", f"{said}; as if they lost nothing to each other")
