"""Have a launcher train a workload: submit, follow what is said, wait, also for what an earlier process submitted."""

import logging
import sys
import time
from typing import TYPE_CHECKING, Protocol

from components.config.errors import ConfigError, Interrupted, TrainingError
from components.config.settings import artifacts
from components.training.launch.job import Ending, Job, job_of, new_job
from components.training.launch.slurm import Slurm
from components.training.launch.state import State
from components.training.launch.torchrun import Torchrun
from components.training.launch.trainjob import TrainJob
from components.training.launch.worker import error_of

if TYPE_CHECKING:
    from components.config.params import Training

logger = logging.getLogger(__name__)

_TRIES = 4
"""Times that a job is submitted which ended without a word, as after a kill: each goes on from the last checkpoint."""
_LOOK = 0.2  # seconds between two looks at the log
_OUTPUTS = ("model.safetensors", "run.json", "curve.csv")


class Launcher(Protocol):
    """Who starts the processes of a training."""

    every: float
    """Seconds between two questions about a job."""

    def submit(self, job: Job) -> str:
        """Have the job's processes started; return its id.

        Raises:
            ConfigError: the launcher is not there, or refuses the job.
        """

    def find(self, job: Job) -> str | None:
        """Return the id of a job that was submitted by its name; None: it was not."""

    def state(self, job: Job) -> State:
        """Return what the launcher says of the job."""

    def cancel(self, job: Job) -> None:
        """End the job, if it has not ended.

        Raises:
            ConfigError: it cannot be asked for.
        """

    def left(self, job: Job) -> str:
        """Return what becomes of the job when nobody waits, in one line."""


def launcher_of(name: str, config: "Training") -> Launcher:
    """Return the launcher of that name; `config` is the section `train` of the workload."""
    known: dict[str, type[Torchrun | Slurm | TrainJob]] = {"torchrun": Torchrun, "slurm": Slurm, "trainjob": TrainJob}
    return known[name](config)


def launch(workload: str, config: "Training", key: str) -> None:
    """Have the launcher that the section names train the workload, and wait until its outputs are there.

    A job that a process submitted which was killed is waited for again; one of another training is ended.

    Args:
        workload: its name.
        config: its section `train`.
        key: the hash of all that is known of the training.

    Raises:
        ConfigError: the launcher is not there, or refuses the job.
        JourneymanError: what the job's processes say is wrong.
        TrainingError: the job was cancelled, or ended again and again without a word.
        Interrupted: who waits was asked to stop.
    """
    launcher = launcher_of(config.launcher, config)
    job = _taken_up(workload, config, key, launcher) or new_job(workload, config.launcher, key)
    last = job.tries + _TRIES - 1
    while True:
        if not job.id:
            job = job.told(launcher.submit(job))
            logger.info("%s: job %s is submitted, see %s", config.launcher, job.id, job.log)
        how = _wait(job, launcher)
        ending = _ending(job, 2 * launcher.every)
        if ending and ending.wrong:
            job.forget()
            raise error_of(ending)
        if ending and all((artifacts(workload, "weights") / name).exists() for name in _OUTPUTS):
            job.forget()
            return
        if how.cancelled or job.tries >= last:
            job.forget()
            times = "" if how.cancelled else f", {_TRIES} times"
            raise TrainingError(f"{config.launcher}: job {job.id} {how.said}{times}; see {job.log}, then run it again")
        if not ending:
            logger.warning("%s: job %s %s; it is submitted again and goes on", config.launcher, job.id, how.said)
        job = job.again()


def end(job: Job, config: "Training") -> None:
    """End a job that an earlier process submitted, unless it has ended, and forget it.

    Raises:
        ConfigError: its launcher cannot be asked.
    """
    if job.ending is None:
        any_count = config.model_copy(update={"devices": 1})  # its launcher need not be that of the section now
        try:
            launcher_of(job.launcher, any_count).cancel(job)
        except ConfigError as error:
            raise ConfigError(
                f"{job.launcher}: job {job.id or job.name} was submitted before, would write the same files and cannot "
                f"be ended from here ({error}); end it there, delete {job.file}, and run it again"
            ) from error
        logger.info("%s: job %s, which was submitted before, is ended", job.launcher, job.id or job.name)
    job.forget()


def _taken_up(workload: str, config: "Training", key: str, launcher: Launcher) -> Job | None:
    """Return the job of an earlier process, if it is of this training."""
    if (job := job_of(workload)) is None:
        return None
    if (job.launcher, job.key) != (config.launcher, key):
        end(job, config)
        return None
    if not job.id and (id := launcher.find(job)):
        job = job.told(id)
    if job.id:
        logger.info("%s: waiting for job %s, which was submitted before", config.launcher, job.id)
    return job


def _ending(job: Job, patience: float) -> Ending | None:
    """Return how a job that has ended says that it did; a shared folder may take some seconds to show it."""
    deadline = time.monotonic() + patience
    while (ending := job.ending) is None and time.monotonic() < deadline:
        time.sleep(_LOOK)
    return ending


def _wait(job: Job, launcher: Launcher) -> State:
    """Wait until the job has ended; return what was said of it then."""
    said, asked, log = "", 0.0, _Log(job)
    try:
        while True:
            if time.monotonic() >= asked:
                state, asked = launcher.state(job), time.monotonic() + launcher.every
                if state.said != said and state.alive:
                    logger.info("%s: job %s %s", job.launcher, job.id, state.said)
                said = state.said
            log.pass_on()
            if not state.alive:
                return state
            time.sleep(_LOOK)
    except KeyboardInterrupt as error:
        raise Interrupted(f"{job.launcher}: {launcher.left(job)}") from error


class _Log:
    """What the job's processes say, passed on as it comes."""

    def __init__(self, job: Job) -> None:
        self._path, self._at = job.log, 0

    def pass_on(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            said = file.read()
        self._at += len(said)
        sys.stderr.write(said.decode(errors="replace"))
        sys.stderr.flush()
