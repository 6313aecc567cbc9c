"""A process that answers rows: `python -m components.scoring.worker BUNDLE CONNECTION`, started by `worker_pool`."""

import sys
from multiprocessing.connection import Connection
from pathlib import Path

from components.config.errors import JourneymanError
from components.scoring.answer import Answerer


def main() -> None:
    """Do what comes over the connection until it closes: it does when the process at its other end is gone."""
    connection = Connection(int(sys.argv[2]))
    try:
        answerer = Answerer(Path(sys.argv[1]))
        connection.send(None)
        while True:
            work, content = connection.recv()
            connection.send(getattr(answerer, work)(*content))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except JourneymanError as error:
        connection.send(error)


if __name__ == "__main__":
    main()
