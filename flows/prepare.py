"""One of many partitions of what `prepare` computes of a table. `python -m flows.prepare WORKLOAD --partition I/N`.

When all are done, on as many machines as there are, the stage `prepare` takes the windows from where they lie.
"""

import argparse
import logging
import re

from components import catalogue
from components.config.errors import ConfigError
from components.config.passwords import without_password
from components.config.settings import partition_address
from components.data.prepare import prepare_partition
from components.system.servers import ask_servers
from flows import console
from flows.costs import measure
from flows.servers import partition_servers

_PARTITION = re.compile(r"(\d+)/(\d+)")


@measure("prepare")
def prepare(workload: str, partition: str) -> str:
    """Compute the windows of a partition, and say where they lie.

    Raises:
        ConfigError: `partition` is no i/n, the workload has nothing to be shared out, or the address cannot be written.
        DataError: the stage `prepare` would raise it.
    """
    found = _PARTITION.fullmatch(partition)
    if not found or int(found[1]) >= int(found[2]):
        raise ConfigError(f"--partition {partition}: expected i/n with i from 0 to n - 1, as 0/16 or 15/16")
    catalogue.workload(workload)
    ask_servers(partition_servers(workload))
    count = prepare_partition(workload, int(found[1]), int(found[2]))
    return (
        f"partition {partition} of {workload}: {count:,} windows at {without_password(partition_address())}; "
        f"once all are there, `dvc repro prepare@{workload}` takes them"
    )


def _arguments() -> tuple[str, str]:
    parser = argparse.ArgumentParser("python -m flows.prepare", description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="a table with prepare.entities, whose raw records are here")
    parser.add_argument("--partition", metavar="I/N", required=True, help="partition I (from 0) of N")
    given = parser.parse_args()
    return given.workload, given.partition


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = _arguments()
    console.show(lambda: prepare(*arguments))
