"""Take part in a training that torchrun starts on several machines: what each of them runs, but the one with the stage.

The machines share the project's folder, so the job that the stage submits is seen here. This machine's processes are
started again whenever they, or those of the stage's machine, were lost; the training goes on from its last checkpoint.
"""

import logging
import os
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from components import catalogue
from components.config.errors import ConfigError
from components.training.launch.job import Job, job_of
from components.training.launch.torchrun import ENDPOINT, Torchrun

if TYPE_CHECKING:
    from components.config.params import Training

logger = logging.getLogger(__name__)

_LOOK = 0.5  # seconds between two looks at the job
_ANSWER = 5.0  # seconds that the stage's machine has to answer
_GRACE = 20.0  # seconds that the processes have to end by themselves when the training has ended
_PORT = 29400  # torchrun's own, where the endpoint names none


def join(workload: str) -> None:
    """Take part in the workload's training, or in the next one where none is under way, until it has ended.

    Raises:
        ConfigError: the section `train` asks for no other machine, or it is not known where they meet.
    """
    torchrun = Torchrun(section(workload), joins=True)
    taking_part, has_begun = None, False
    logger.info("torchrun: waiting for a training of %s to begin at %s", workload, os.environ[ENDPOINT])
    try:
        while (job := job_of(workload)) is not None or not has_begun:
            if taking_part is not None and not _goes_on(torchrun, taking_part, job):
                torchrun.cancel(taking_part)
                taking_part = None
            if taking_part is None and job is not None and job.launcher == "torchrun" and _answers():
                torchrun.submit(job)
                logger.info("torchrun: this machine takes part in job %s", job.name)
                taking_part, has_begun = job, True
            time.sleep(_LOOK)
        if taking_part is not None:
            _wait(torchrun, taking_part)
    finally:
        if taking_part is not None:
            torchrun.cancel(taking_part)
    logger.info("torchrun: the training of %s has ended", workload)


def section(workload: str) -> "Training":
    """Return the section `train` of a workload whose training has several machines that meet.

    Raises:
        ConfigError: it asks for no other machine, or it is not known where they meet.
    """
    config = catalogue.workload(workload).train
    if config.launcher != "torchrun" or config.nodes == 1:
        raise ConfigError(
            f"{workload}: other machines take part where train.launcher is torchrun and train.nodes more than 1, not "
            f"{config.launcher} and {config.nodes}"
        )
    Torchrun(config, joins=True).must_meet()
    return config


def _goes_on(torchrun: Torchrun, taking_part: Job, job: Job | None) -> bool:
    """Whether this machine's processes are those of the job that is asked for, and none of them was lost."""
    if job is None or job.name != taking_part.name:
        return False
    how = torchrun.state(taking_part)
    if how.alive or taking_part.ending is not None or job_of(taking_part.workload) is None:
        return True  # the stage, which forgets how it ended last, has forgotten it meanwhile
    logger.warning("torchrun: this machine's part of job %s %s; it begins again", job.name, how.said)
    return False


def _answers() -> bool:
    """Whether the stage's torchrun listens: without it one here would say at length that it does not."""
    where = urlsplit(f"//{os.environ[ENDPOINT]}")
    try:
        socket.create_connection((where.hostname or "", where.port or _PORT), _ANSWER).close()
    except OSError:
        return False
    return True


def _wait(torchrun: Torchrun, job: Job) -> None:
    deadline = time.monotonic() + _GRACE
    while torchrun.state(job).alive and time.monotonic() < deadline:
        time.sleep(_LOOK)
