"""What lines come to: for each phase and part, with what is counted in another line counted once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from components.config.prices import Prices
from components.ledger.line import Line
from components.ledger.power import Power

INFERENCE = ("endpoint", "package", "ask endpoint", "score", "watch", "shadow", "label")
"""Parts that belong to a model at work; all others belong to training."""
PHASES = ("training", "inference")
_HOUR, _KWH, _GB = 3600.0, 3.6e6, 1e9


@dataclass(frozen=True)
class Total:
    """What several lines come to. Seconds, bytes, joules."""

    phase: str
    part: str
    """A stage, a flow, a part of one, the route of an endpoint; empty: the whole phase."""
    runs: int = 0
    unfinished: int = 0
    """Runs that failed, or were killed: what they had used when last heard of."""
    wall: float = 0.0
    cpu: float = 0.0
    gpu: float = 0.0
    peak: int = 0
    """Of the largest process."""
    gpu_peak: int = 0
    read: int | None = None
    """None: no line tells."""
    written: int | None = None
    measured: float = 0.0
    """Joules that a counter told."""
    estimated: float = 0.0
    """Joules that were estimated."""
    unknown: float = 0.0
    """Seconds of GPUs whose energy nobody tells."""
    money: float = 0.0
    unpriced: tuple[str, ...] = ()
    """What has no price."""
    requests: int = 0
    sent: int = 0

    @property
    def joules(self) -> float:
        """Return all that is known of the energy."""
        return self.measured + self.estimated

    @property
    def kwh(self) -> float:
        """Return the same in kilowatt-hours."""
        return self.joules / _KWH


def own(lines: Iterable[Line]) -> list[Line]:
    """Return the lines less what lines within them count: their sum counts everything once."""
    lines = list(lines)
    inner: dict[str, list[Line]] = {}
    for line in lines:
        inner.setdefault(line.within, []).append(line)
    return [_less(line, inner.get(line.id, [])) for line in lines]


def totals(lines: Iterable[Line], power: Power, prices: Prices) -> list[Total]:
    """Return what the lines, as `own` gives them, come to: each phase, followed by its parts."""
    parts: dict[tuple[str, str], Total] = {}
    phases = {phase: Total(phase, "") for phase in PHASES}
    for line in lines:
        told = _told(line, power, prices)
        known = parts.get((told.phase, told.part), Total(told.phase, told.part))
        parts[told.phase, told.part] = _sum(known, told)
        phases[told.phase] = _sum(phases[told.phase], told)
    return [
        total
        for phase in PHASES
        for total in (phases[phase], *(part for (of, _), part in parts.items() if of == phase))
        if total.runs
    ]


def _less(line: Line, within: list[Line]) -> Line:
    joules = sum(one.cpu_joules or 0.0 for one in within)
    return replace(
        line,
        wall_seconds=max(0.0, line.wall_seconds - sum(one.wall_seconds for one in within)),
        cpu_seconds=max(0.0, line.cpu_seconds - sum(one.cpu_seconds for one in within)),
        read_bytes=_left(line.read_bytes, [one.read_bytes for one in within]),
        written_bytes=_left(line.written_bytes, [one.written_bytes for one in within]),
        cpu_joules=None if line.cpu_joules is None else max(0.0, line.cpu_joules - joules),
    )


def _left(whole: int | None, parts: list[int | None]) -> int | None:
    return None if whole is None else max(0, whole - sum(part or 0 for part in parts))


def _told(line: Line, power: Power, prices: Prices) -> Total:
    """Return what one line comes to."""
    phase = "inference" if line.part in INFERENCE else "training"
    memory = (line.peak_bytes or 0) * power.byte_watts * line.wall_seconds
    cpu = line.cpu_seconds * power.core_watts if line.cpu_joules is None else 0.0
    total = Total(
        phase,
        f"{line.part} {line.route}".strip(),
        runs=1,
        unfinished=int(line.ended != "done"),
        wall=line.wall_seconds,
        cpu=line.cpu_seconds,
        gpu=line.gpu_seconds,
        peak=line.peak_bytes or 0,
        gpu_peak=line.gpu_peak_bytes,
        read=line.read_bytes,
        written=line.written_bytes,
        measured=(line.cpu_joules or 0.0) + (line.gpu_joules or 0.0),
        estimated=cpu + memory,
        unknown=line.gpu_seconds if line.gpu_joules is None else 0.0,
        requests=line.requests,
        sent=line.sent_bytes,
    )
    return _priced(total, line.gpu, prices)


def _priced(total: Total, gpu: str, prices: Prices) -> Total:
    costs = {
        "CPU hours": (total.cpu / _HOUR, prices.cpu_hour),
        f"hours of {gpu}": (total.gpu / _HOUR, gpu_price(gpu, prices.gpu_hour)),
        "transfer": (total.sent / _GB, prices.transfer),
    }
    missing = tuple(name for name, (amount, price) in costs.items() if amount and price is None)
    money = sum(amount * (price or 0.0) for amount, price in costs.values()) + total.kwh * (prices.kwh or 0.0)
    return replace(total, money=money, unpriced=missing)


def gpu_price(name: str, prices: Mapping[str, float]) -> float | None:
    """Return the price of the longest name in `prices` that is a part of the GPU's; None: there is none."""
    fitting = [known for known in prices if known.lower() in name.lower()]
    return prices[max(fitting, key=len)] if name and fitting else None


def _sum(one: Total, other: Total) -> Total:
    return replace(
        one,
        runs=one.runs + other.runs,
        unfinished=one.unfinished + other.unfinished,
        wall=one.wall + other.wall,
        cpu=one.cpu + other.cpu,
        gpu=one.gpu + other.gpu,
        peak=max(one.peak, other.peak),
        gpu_peak=max(one.gpu_peak, other.gpu_peak),
        read=_either(one.read, other.read),
        written=_either(one.written, other.written),
        measured=one.measured + other.measured,
        estimated=one.estimated + other.estimated,
        unknown=one.unknown + other.unknown,
        money=one.money + other.money,
        unpriced=tuple(dict.fromkeys((*one.unpriced, *other.unpriced))),
        requests=one.requests + other.requests,
        sent=one.sent + other.sent,
    )


def _either(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)
