"""The numbers of inference: what each model takes to answer the load, and what it costs."""

from collections.abc import Sequence

import numpy as np

from components.config.prices import Prices
from components.ledger.power import Power
from components.plan.demand import MONTH, SECONDS, Demand
from components.plan.figure import Figure, Known, not_known
from components.plan.fleet import SPARE, Fleet, Model
from components.plan.money import fleet_kwh, fleet_money
from components.plan.past import Past
from components.plan.predicted import Predicted

BUSY = 0.05
"""Part of its time for which a worker may have waited for a core, before it is said that the machine was busy."""


def measured_of(model: Model) -> str:
    """Return where, when and by how many requests it was measured."""
    found = model.found
    return f"{found.processor}, {found.cores} cores, {found.when[:10]}, {found.requests:,} requests"


def service_figures(model: Model) -> list[Figure]:
    """Return what was measured of one worker."""
    made, where = model.predictor, measured_of(model)
    single = model.found.latencies
    alone = made.interval(lambda service: service.alone)
    each = made.interval(lambda service: service.each)
    capacity = made.interval(lambda service: service.capacity)
    line = f"{where}; least squares over the worker's CPU time by requests a turn"
    disturbed = "in which nobody waited for a core" if model.found.undisturbed else "other work on the machine included"
    return [
        Figure("p99 of one connection", float(np.quantile(single, 0.99)), "s", "measured", f"{where}; {disturbed}"),
        _interval("a request that is alone", alone, "s", line),
        _interval("each further one of a turn", each, "s", line),
        _interval(
            "one worker answers at most", capacity, "/s", f"{made.service.together:.1f} a turn at 32 connections"
        ),
        Figure("ready after", model.found.start, "s", "measured", f"{where}, one start"),
        Figure("the bundle on disk", float(model.found.size), "B", "measured", where),
    ]


def fleet_figures(
    model: Model, own: Fleet, demand: Demand, power: Power, prices: Prices, past: Past, where: str = ""
) -> list[Figure]:
    """Return what a fleet comes to; `where` says how its machine is known, where it is another."""
    law = model.predictor.scaling
    beyond = "" if own.workers <= law.measured else f", beyond the {law.measured} workers that were measured"
    play = f"a queue played with the service times{beyond}{where and '; ' + where}"
    found, used = model.found, own.used(demand)
    memory: Known = "measured" if own.workers in found.memory and not where else "extrapolated"
    figures = [
        Figure("workers of a replica, a core each", own.workers, "", "fitted", play),
        Figure("replicas", own.replicas, "", "fitted", f"as many as p99 needs at the busiest time, and {SPARE} spare"),
        _interval("p99 at the busiest time, one replica lost", own.p99, "s", play),
        _interval("CPU an answer", own.cpu, "s", f"at the average load; {play}"),
        Figure("cores held", own.cores, "", "fitted", "workers x replicas"),
        _interval(
            "CPU hours a month", Predicted(*(each / 3600 for each in used)), "h", "answers, and idling as measured"
        ),
        Figure(
            "at work, of the cores held", used.value / (own.cores * MONTH), "%", "fitted", "CPU hours by core hours"
        ),
        Figure("memory of a replica", own.memory, "B", memory, measured_of(model)),
        fleet_kwh(own, demand, power),
        fleet_money(own, demand, power, prices, past),
    ]
    return [*figures, *_million(figures, demand)]


def ledger_figure(past: Past) -> Figure:
    """Return what an answer has taken at real endpoints, which the plan's own number may be held against."""
    name = "CPU an answer, at endpoints so far"
    if past.answers is None or not past.answers.requests:
        return not_known(name, "no endpoint with a ledger has been asked yet")
    each = past.answers.cpu / past.answers.requests
    return Figure(name, each, "s", "from the ledger", f"{past.answers.requests:,} requests to /predict, all versions")


def edge_figure(model: Model, demand: Demand, prices: Prices, monthly: Figure) -> Figure:
    """Return from how many answers a visitor on it is cheaper to send the model to the browser (`flows.edge`)."""
    name = "answers a visitor from which the edge pays"
    if prices.transfer is None or monthly.value is None:
        return not_known(name, "needs prices.transfer and prices.cpu_hour; the download is the bundle and its runtime")
    download = model.found.size / 1e9 * prices.transfer
    each = monthly.value / demand.answers
    said = "transfer of the bundle by the price of an answer; the runtime's download, kept by the browser, comes on top"
    return Figure(name, download / each, "", "extrapolated", said)


def gpu_figure(model: Model, prices: Prices) -> Figure:
    """Return the load from which a GPU could be cheaper than cores."""
    name = "requests a second from which a GPU could pay"
    if prices.cpu_hour is None or not prices.gpu_hour:
        return not_known(name, "needs prices.cpu_hour and prices.gpu_hour")
    gpu, price = min(prices.gpu_hour.items(), key=lambda each: each[1])
    rate = price / prices.cpu_hour * model.predictor.capacity(1)
    said = f"cores for the price of one {gpu}, all at work; at least, for no GPU was measured to answer it"
    return Figure(name, rate, "/s", "extrapolated", said)


def _million(figures: Sequence[Figure], demand: Demand) -> list[Figure]:
    """Return the monthly numbers by a million answers."""
    found = []
    for name, figure in ((figure.name, figure) for figure in figures if "a month" in figure.name):
        if figure.value is not None:
            low, value, high = (
                None if each is None else each / demand.answers * 1e6
                for each in (figure.low, figure.value, figure.high)
            )
            said = f"a month's by {demand.rate * SECONDS['day']:,.0f} answers a day"
            found.append(
                Figure(name.replace("a month", "a million answers"), value, figure.unit, figure.known, said, low, high)
            )
    return found


def _interval(name: str, found: Predicted, unit: str, source: str) -> Figure:
    return Figure(name, found.value, unit, "fitted", source, found.low, found.high)
