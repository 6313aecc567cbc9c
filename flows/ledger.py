"""What training and inference have cost, in one table. `python -m flows.ledger [WORKLOAD]`."""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import asdict

from components import catalogue
from components.config.errors import ConfigError
from components.config.prices import Prices, read_prices
from components.config.settings import artifacts, ledger_folder, log_folder
from components.ledger.line import Line, read
from components.ledger.power import Power, power
from components.ledger.totals import Total, own, totals
from components.ledger.versions import of_version
from flows import console
from flows.ledger_table import columns, notes, row
from flows.tables import table

DEFAULT = "garments"


def ledger(workload: str, version: str = "", month: str = "", as_json: bool = False) -> str:
    """Return what the workload has cost, as a table or as JSON. Only looks.

    Args:
        workload: whose.
        version: what was made for this version, and what its answers took; empty: everything.
        month: what began in it (UTC), as `2026-11`; empty: at any time.
        as_json: the same numbers for a program.

    Raises:
        ConfigError: a wrong workload, month or price, or a version of which nothing is known.
    """
    catalogue.workload(workload)
    if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise ConfigError(f"--month {month}: expected a year and a month, as 2026-11")
    prices, assumed, chosen = read_prices(), power(ledger_folder(workload).parent), _chosen(workload, version, month)
    found = totals(chosen, assumed, prices)
    title = " ".join(filter(None, [workload, version and f"version {version}", month]))
    if as_json:
        return _as_json(title, found, assumed, prices)
    if not found:
        return f"{title}: the ledger has nothing; every stage, flow and endpoint from now on adds a line to it"
    return "\n".join(
        [
            table(f"{title}: what it has cost", columns(prices), [row(total, prices) for total in found]).rstrip(),
            *notes(found, assumed, prices, _kept(workload) if prices.gb_month is not None else 0),
        ]
    )


def _chosen(workload: str, version: str, month: str) -> list[Line]:
    lines, links = read(ledger_folder(workload))
    chosen = own(lines)
    if version:
        chosen = of_version(chosen, links, version)
        if not chosen:
            known = sorted({link.version for link in links}, key=int)
            has = f"it knows of {', '.join(known)}" if known else "it knows of none"
            raise ConfigError(f"--version {version}: the ledger of this folder knows no such version; {has}")
    return [line for line in chosen if line.began.startswith(month)]


def _kept(workload: str) -> int:
    """Return the bytes of what the stages and the log of answers have written and keep."""
    folders = (artifacts(workload, ""), log_folder(workload))
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def _as_json(title: str, found: Sequence[Total], assumed: Power, prices: Prices) -> str:
    told = {
        "of": title,
        "totals": [{**asdict(total), "kwh": total.kwh} for total in found],
        "energy_assumed": assumed.assumed,
        "prices": prices.model_dump(mode="json"),
    }
    return json.dumps(told, indent=2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.ledger", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose costs (default: {DEFAULT})")
    parser.add_argument("--version", default="", help="of this registered version alone")
    parser.add_argument("--month", default="", help="of this month alone (UTC), as 2026-11")
    parser.add_argument("--json", action="store_true", help="as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    said = _arguments()
    console.show(lambda: ledger(said.workload, said.version, said.month, said.json))
