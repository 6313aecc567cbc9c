"""What would be read, split and trained, within seconds and with nothing kept. `python -m flows.check [WORKLOAD]`.

`python -m flows.check --settings` asks every server that a setting names instead, and says of each what came of it.
"""

import argparse
import logging

from components import catalogue
from components.config.errors import ConfigError
from components.config.prices import read_prices
from components.data.preview import preview
from flows import console
from flows.overview import DataReport, report_data
from flows.reached import ask_settings

DEFAULT = "garments"


def check(workload: str) -> DataReport:
    """Read and split the workload's data in a scratch directory, train nothing, and return what came of it.

    Raises:
        ConfigError: `params.yaml` is not in order, or does not have the workload.
        DataError: the data cannot be used; a run would end with the same line.
    """
    catalogue.workload(workload)
    read_prices()
    with preview(workload) as data:
        return report_data(data, workload)


def check_settings() -> str:
    """Ask every server that a setting names, and print a line each.

    Raises:
        ConfigError: one does not lead to what can be used.
    """
    found = ask_settings()
    console.print_report(found)
    if found.wrong:
        raise ConfigError(f"{found.wrong} of these settings cannot be used; mend them before anything is trained")
    return "all settings can be used"


def _arguments() -> tuple[str, bool]:
    parser = argparse.ArgumentParser("python -m flows.check", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose data ({DEFAULT})")
    parser.add_argument("--settings", action="store_true", help="ask every server that a setting names instead")
    given = parser.parse_args()
    return given.workload, given.settings


if __name__ == "__main__":
    logging.getLogger("components").setLevel(logging.ERROR)  # the report tells what the stages would warn of
    workload, settings = _arguments()
    console.show(check_settings if settings else lambda: check(workload))
