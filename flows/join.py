"""Take part in a training of several machines, on each but the stage's: `python -m flows.join WORKLOAD`."""

import argparse
import logging

from components.training.launch.join import join
from flows import console


def _run(workload: str) -> str:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    join(workload)
    return f"{workload}: the training has ended"


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m flows.join", description=__doc__.partition(":")[0])
    parser.add_argument("workload", help="whose training this machine takes part in, as soon as it begins")
    given = parser.parse_args()
    console.show(lambda: _run(given.workload))
