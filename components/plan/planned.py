"""Puts a plan together from what was measured, what the ledger has, and what is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from components.config.errors import ConfigError
from components.config.prices import Prices
from components.ledger.power import Power
from components.plan.contents import Made, Plan, Served, figure_of
from components.plan.demand import MONTH, Demand
from components.plan.even import HORIZON, break_even, training_share
from components.plan.figure import Figure, not_known
from components.plan.fleet import Fleet, Model, fleet
from components.plan.hosts import Host
from components.plan.inference import (
    BUSY,
    edge_figure,
    fleet_figures,
    gpu_figure,
    ledger_figure,
    service_figures,
)
from components.plan.past import Past
from components.plan.power_law import Point
from components.plan.queue import percentile
from components.plan.speed import relative_speed, this_machine
from components.plan.staleness import Aged
from components.plan.training import host_figures, training_figures
from components.plan.value import baseline_figure, grown_figure, hour_figure, label_figures, staleness_figure

_OFF = (
    "p99 6 to 22 %, CPU an answer 2 to 5 % (medians, one worker on a quiet machine); of an endpoint that writes into "
    "its memory p99 is off by as much as itself, and the upper end of its interval counts: benchmarks/plan.py, "
    "docs/planning.md"
)


@dataclass(frozen=True)
class Given:
    """What a plan is made of."""

    workload: str
    objective: str
    metric: str
    demand: Demand
    models: Sequence[Model]
    """The first is the one that serves now."""
    past: Past
    power: Power
    prices: Prices
    made: Sequence[Made]
    points: Sequence[Point]
    """Of the learning curve; empty: none was asked for."""
    aged: Sequence[Aged]
    """Of trainings on older data; empty: none was asked for."""
    lower_is_better: bool
    """Of the metric."""
    by_chance: bool
    """Whether splits were drawn, and are no spans of time."""
    baseline: float | None
    """What the baseline of the evaluation reaches; None: there is none."""
    hosts: Sequence[Host]
    hosts_file: Path | None


def planned(given: Given, today: date) -> Plan:
    """Return the plan.

    Raises:
        ConfigError: no model is as fast as is asked, of whatever number of workers; or other machines are to be
            compared with this one, which is not in their file.
    """
    found = given.models[0].found
    _possible(given.models, given.demand)
    served = [_served(given, model) for model in given.models]
    training = training_figures(given.past, given.demand, given.prices)
    return Plan(
        workload=given.workload,
        day=today,
        objective=given.objective,
        metric=given.metric,
        demand=given.demand,
        machine=f"{found.processor}, {found.cores} cores",
        served=served,
        training=training,
        hosts=_hosts(given),
        beyond=_beyond(given, served[0]),
        value=[
            baseline_figure(given.metric, given.baseline),
            *label_figures(given.metric, given.points),
            grown_figure(given.points),
            hour_figure(given.metric, len(given.made)),
            staleness_figure(given.metric, given.by_chance, given.lower_is_better, given.aged),
        ],
        made=given.made,
        even=_even(served),
        shares=_shares(given, served[0], today),
        assumptions=_assumptions(given),
        warnings=_warnings(given, served),
    )


def _served(given: Given, model: Model) -> Served:
    own = fleet(model, given.demand, model.found.cores)
    figures = [] if own is None else fleet_figures(model, own, given.demand, given.power, given.prices, given.past)
    return Served(model, own, service_figures(model), figures)


def _beyond(given: Given, first: Served) -> list[Figure]:
    monthly = figure_of(first.figures, "money a month")
    edge = not_known("answers a visitor from which the edge pays", "no fleet to compare it with")
    if first.fleet and monthly:
        edge = edge_figure(first.model, given.demand, given.prices, monthly)
    return [edge, gpu_figure(first.model, given.prices), ledger_figure(given.past)]


def _hosts(given: Given) -> list[Figure]:
    """Return what the model that serves needs on each other machine, and what a training takes there."""
    if given.hosts_file is None:
        return []
    own = this_machine(given.hosts, given.hosts_file)
    found = []
    for host in given.hosts:
        if host.gpu:
            why = "the endpoint answers on processors; no GPU was measured to answer"
            found.append(not_known(f"replicas on {host.name}", why))
            continue
        sizes = [fleet(given.models[0], given.demand, host.cores, speed) for speed in relative_speed(host, own)]
        times = relative_speed(host, own).value
        said = f"{host.cores} cores, {times:.2f} times as fast as here; measured {host.measured}"
        found += _replicas(host, sizes, said, given.prices)
    return [*found, *host_figures(given.past, given.hosts, own)]


def _replicas(host: Host, sizes: Sequence[Fleet | None], said: str, prices: Prices) -> list[Figure]:
    usual, slow, fast = sizes
    if usual is None:
        return [not_known(f"replicas on {host.name}", f"{said}: no number of workers keeps p99 there")]
    low, high = (float(each.replicas) if each else None for each in (fast, slow))
    name = f"replicas on {host.name}, {usual.workers} core(s) each"
    found = [Figure(name, usual.replicas, "", "extrapolated", said, low, high if low is not None else None)]
    if host.hour is not None and prices.currency:
        month = usual.replicas * host.hour * MONTH / 3600
        said = f"whole machines, {host.hour:g} an hour"
        found.append(Figure(f"money a month on {host.name}", month, prices.currency, "extrapolated", said))
    return found


def _even(served: Sequence[Served]) -> list[Figure]:
    first = served[0]
    return [
        break_even(other.model, other.fleet, first.model, first.fleet)
        for other in served[1:]
        if other.fleet and first.fleet
    ]


def _shares(given: Given, first: Served, today: date) -> list[tuple[date, float]]:
    if given.past.training is None or first.fleet is None:
        return []
    return training_share(given.past.training.cpu, first.fleet.used(given.demand).value, given.demand, today)


def _assumptions(given: Given) -> list[tuple[str, str]]:
    found = [
        ("arrivals", "at random (Poisson), as many for each worker; the busiest time by --peak"),
        ("a worker", "has a core of its own, and nothing else on it; JOURNEYMAN_* as they are here"),
        ("a lost replica", "one may be lost at the busiest time"),
        ("a month", f"730.5 hours; the share of both phases over {HORIZON} days, with a first training on the first"),
        ("energy", f"{given.power.assumed}; to be changed in power.json of the ledger's folder"),
        ("a training", f"{given.demand.retrain}, each as the last one; --retrain"),
    ]
    found.append(("how far off it is", _OFF))
    if given.prices.any:
        said = f"{given.prices.source}, {given.prices.dated}, in {given.prices.currency}: params.yaml, `prices`"
        return [*found, ("prices", said)]
    return [*found, ("prices", "none: params.yaml, `prices` (docs/costs.md)")]


def _possible(models: Sequence[Model], demand: Demand) -> None:
    fastest = min(models, key=lambda model: model.predictor.service.alone)
    if demand.p99 <= (alone := fastest.predictor.service.alone):
        raise ConfigError(
            f"--p99 {1e3 * demand.p99:g}ms: an answer of {fastest.name} alone takes {1e3 * alone:.2g} ms of a core, "
            "which no number of workers makes shorter; allow more, or train a faster model"
        )


def _warnings(given: Given, served: Sequence[Served]) -> list[str]:
    found = []
    for model in given.models:
        if model.found.waited > BUSY:
            kind = "latencies of requests in which nobody waited are used" if model.found.undisturbed else (
                "its latencies are those of a busy machine"
            )  # fmt: skip
            found.append(
                f"{model.name} was measured while other work had the machine: its worker waited for a core in "
                f"{model.found.waited:.0%} of its time. CPU time is told apart from that; {kind}. Plan again when "
                "it is quiet: --again."
            )
    for each in served:
        if each.fleet is None:
            least = 1e3 * percentile(each.model.predictor.service, 0.0)
            found.append(
                f"No number of workers of {each.model.name} keeps p99 within {1e3 * given.demand.p99:g} ms: callers "
                f"who are alone have {least:.3g} ms. Allow more, or train a faster model."
            )
    return found
