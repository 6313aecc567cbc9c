"""The table of `flows.ledger`, and what has to be said below it."""

from collections.abc import Sequence
from datetime import date

from components.config.prices import Prices
from components.ledger.power import Power
from components.ledger.totals import Total

COLUMNS = ["", "runs", "time", "CPU", "GPU", "memory", "read", "written", "kWh"]
_OLD = 365  # days after which prices are said to be old


def columns(prices: Prices) -> list[str]:
    """Return the heads of the table's columns."""
    return [*COLUMNS, prices.currency] if prices.any else COLUMNS


def row(total: Total, prices: Prices) -> list[str]:
    """Return one row of the table: a phase, or a part of one below it."""
    name = (total.part and f"  {total.part}") or total.phase
    runs = f"{total.runs:,}" + (f" ({total.unfinished} unfinished)" if total.unfinished else "")
    cells = [
        name,
        runs,
        _time(total.wall),
        _time(total.cpu),
        _time(total.gpu) if total.gpu else "",
        _size(total.peak) if total.peak else "",
        "not told" if total.read is None else _size(total.read),
        "not told" if total.written is None else _size(total.written),
        _energy(total),
    ]
    return [*cells, f"{total.money:,.4g}" + ("+" if total.unpriced else "")] if prices.any else cells


def _energy(total: Total) -> str:
    """Return it with a sign before what is no measurement, and one behind what leaves something out."""
    said = f"{total.kwh:.3g}" + ("+" if total.unknown else "")
    return said if not total.estimated else f"~{said}"


def _time(seconds: float) -> str:
    if seconds >= 3600:
        return f"{seconds / 3600:,.2f} h"
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.1f} s"


def _size(count: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} B"


def notes(found: Sequence[Total], assumed: Power, prices: Prices, kept: int = 0) -> list[str]:
    """Return what has to be said of the numbers, a line each; `kept` are the bytes that the workload keeps now."""
    phases = [total for total in found if not total.part]
    said = []
    for total in phases:
        if total.requests:
            milli = 1e3 * total.cpu / total.requests
            said.append(f"{total.requests:,} requests: {milli:.3g} CPU-milliseconds each, idle time included")
    if any(total.estimated for total in phases):
        said.append(f"~ energy is estimated, not measured: {assumed.assumed}; and what counters tell, where they do")
    if any(total.unknown for total in phases):
        said.append("+ kWh without that of GPUs which do not tell")
    if not prices.any:
        said.append("no money: params.yaml has no `prices`, see docs/costs.md")
        return said
    missing = dict.fromkeys(name for total in phases for name in total.unpriced)
    said += [f"+ {prices.currency} without {', '.join(missing)}, which have no price"] if missing else []
    if prices.gb_month is not None:
        money = kept / 1e9 * prices.gb_month
        said.append(f"besides, to keep artifacts and log as they are now, {_size(kept)}: {money:,.4g} a month")
    return [*said, _whose(prices)]


def _whose(prices: Prices) -> str:
    age = (date.today() - date.fromisoformat(prices.dated)).days
    old = f"; they are {age} days old" if age > _OLD else ""
    return f"prices: {prices.source}, {prices.dated}, in {prices.currency}{old}"
