"""What would be read, split and trained, within seconds and with nothing kept. `python -m flows.check [WORKLOAD]`."""

import argparse
import logging

from components import catalogue
from components.config.prices import read_prices
from components.data.preview import preview
from flows import console
from flows.overview import DataReport, report_data

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


def _arguments() -> str:
    parser = argparse.ArgumentParser("python -m flows.check", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose data ({DEFAULT})")
    return str(parser.parse_args().workload)


if __name__ == "__main__":
    logging.getLogger("components").setLevel(logging.ERROR)  # the report tells what the stages would warn of
    workload = _arguments()
    console.show(lambda: check(workload))
