"""What a launcher starts on each machine: a process of the training, which says how it ended.

`python -m components.training.launch.worker WORKLOAD`. A launcher starts again what has ended; what is wrong with
parameters or data stays wrong, so a process that finds such an ending says it again and ends.
"""

import logging
import os
import signal
import threading
import time

from components.config import errors
from components.config.errors import ConfigError, DataError, JourneymanError, ProcessLostError, TrainingError
from components.config.settings import LAUNCHED, STATE
from components.system import entry
from components.training.launch.job import Ending, launched

_GRACE = 20.0
"""Seconds that a process has to end after who started it: one that waits for the others hears no signal."""
_FINAL = (ConfigError, DataError, TrainingError)


def train(workload: str) -> None:
    """Train as the stage does.

    Raises:
        JourneymanError: as of the stage.
    """
    threading.Thread(target=_outlive_nobody, args=(os.getppid(),), daemon=True).start()
    if not launched():
        raise ConfigError(f"{LAUNCHED} is not set: this is started by a launcher; type: dvc repro train@{workload}")
    job = launched()["job"]
    if (before := Ending.read(workload, job)) and before.wrong:
        raise error_of(before)
    if launched()["launcher"] == "trainjob":
        log = logging.FileHandler(STATE / "launch" / workload / f"{job}.log")
        logging.getLogger().addHandler(log)
    from components.internals.lightning import process_rank  # torch is loaded after what is wrong was said
    from components.training.train import train as trained

    try:
        trained(workload)
    except ProcessLostError:
        raise  # is started again
    except _FINAL as error:
        Ending(" ".join(str(error).split()), type(error).__name__).write(workload, job)
        raise
    if process_rank() == 0:
        Ending().write(workload, job)


def _outlive_nobody(parent: int) -> None:
    """End this process some time after its parent: it would hold the checkpoint against the next one for minutes."""
    while os.getppid() == parent:
        time.sleep(1.0)
    time.sleep(_GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


def error_of(ending: Ending) -> JourneymanError:
    """Return what was wrong as the error that it was."""
    found = getattr(errors, ending.kind, TrainingError)
    error: JourneymanError = found(ending.wrong)
    return error


if __name__ == "__main__":
    entry.run(train)
