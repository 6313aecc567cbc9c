"""The drawings of a plan: p99 by load, and the part of each phase in what is used."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from components.pages.blocks import Drawing
from components.pages.curves import NARROW, WIDE, Curve, DayPoint
from components.pages.svg import dot, line, polyline, svg, text
from components.plan.contents import Plan, Served
from components.plan.predicted import Predictor
from components.plan.queue import percentile

_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 210, 64, 12, 12, 28
_LOADS = (0.05, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.92, 0.95)
_ARRIVALS = 6_000


def latency_drawing(plan: Plan, served: Served) -> Drawing | None:
    """Return p99 of the fleet, a replica lost, by requests a second; None: there is no fleet."""
    own = served.fleet
    if own is None:
        return None
    workers = own.workers * (own.replicas - 1)
    points = _curve(served.model.predictor, own.workers, workers)
    said = f"p99 of {served.model.name} by requests a second, {own.replicas - 1} of {own.replicas} replicas at work"
    keys = (("line", "p99, as predicted"), ("level", "what is allowed"), ("since", "the busiest time"))
    return Drawing(_drawn(plan, points, said, WIDE), said, keys, _drawn(plan, points, said, NARROW))


def _curve(made: Predictor, each: int, workers: int) -> list[tuple[float, float]]:
    service = made.service.slower(made.scaling.slower(each))
    loads = [load * service.capacity for load in _LOADS]
    return [(load * workers, percentile(service, load, arrivals=_ARRIVALS)) for load in loads]


def _drawn(plan: Plan, points: Sequence[tuple[float, float]], said: str, width: int) -> Markup:
    """Draw on a logarithmic scale of seconds."""
    busiest, allowed = plan.demand.busiest, plan.demand.p99
    right = 1.02 * max(busiest, points[-1][0])
    values = [value for _, value in points] + [allowed]
    low, high = math.log10(min(values)) - 0.1, math.log10(max(values)) + 0.1

    def x(rate: float) -> float:
        return _LEFT + rate / right * (width - _LEFT - _RIGHT)

    def y(seconds: float) -> float:
        return _TOP + (high - math.log10(seconds)) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    drawn = []
    for power in range(math.floor(low), math.ceil(high) + 1):
        for times in (1, 2, 5):
            tick = times * 10.0**power
            if low <= math.log10(tick) <= high:
                drawn.append(line("faint", _LEFT, y(tick), width - _RIGHT, y(tick)))
                drawn.append(text(_LEFT - 8, y(tick), f"{1e3 * tick:g} ms", "end"))
    drawn.append(line("edge", _LEFT, y(allowed), width - _RIGHT, y(allowed)))
    drawn.append(line("since", x(busiest), _TOP, x(busiest), _HEIGHT - _BOTTOM))
    drawn.append(polyline([(x(rate), y(value)) for rate, value in points]))
    drawn += [dot(x(rate), y(value), 3) for rate, value in points]
    drawn.append(text(_LEFT, _HEIGHT - 10, "0"))
    drawn.append(text(width - _RIGHT, _HEIGHT - 10, f"{right:,.0f} requests/s", "end"))
    return svg(width, _HEIGHT, said, drawn)


def share_drawing(plan: Plan) -> Drawing | None:
    """Return the part of training in all CPU time so far, by day; None: it is not known."""
    if not plan.shares:
        return None
    said = "the part of training in all CPU time since today; the rest is inference"
    curve = Curve(said, [DayPoint(day, 100 * share) for day, share in plan.shares], from_zero=True)
    keys = (("line", "training, per cent"),)
    return Drawing(curve.draw(WIDE), said, keys, curve.draw(NARROW))
