"""SLURM: the training as a batch job, which SLURM starts again where a node is lost (`--requeue`).

What a site wants besides (partition, account, time, GPUs) it says in SLURM's own variables: SBATCH_PARTITION,
SBATCH_ACCOUNT, SBATCH_TIMELIMIT, SBATCH_GPUS_PER_TASK.
"""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from components.config.errors import ConfigError
from components.training.launch.job import Job
from components.training.launch.state import State
from components.training.launch.tool import first_line, tool

if TYPE_CHECKING:
    from components.config.params import Training

WORKER = "components.training.launch.worker"
_UNKNOWN = "Invalid job id"
"""What SLURM says of a job that has ended, or was never there."""


class Slurm:
    """Submits with sbatch, asks with squeue."""

    every = 5.0

    def __init__(self, config: "Training") -> None:
        """Take the counts of tasks and of nodes from the section `train`.

        Raises:
            ConfigError: it does not say how many tasks a node has.
        """
        if config.devices == "auto":
            raise ConfigError("train.devices: say how many processes a node has: SLURM is asked for so many tasks")
        self._nodes, self._tasks = config.nodes, config.devices

    def submit(self, job: Job) -> str:
        """Submit the job; return SLURM's number for it."""
        job.log.parent.mkdir(parents=True, exist_ok=True)
        options = [
            "--parsable",
            "--requeue",
            f"--job-name={job.name}",
            f"--nodes={self._nodes}",
            f"--ntasks-per-node={self._tasks}",
            f"--chdir={Path.cwd()}",
            f"--output={str(job.log.absolute()).replace('%', '%%')}",
            "--open-mode=append",
        ]
        started = shlex.join([sys.executable, "-m", WORKER, job.workload])
        # in the script: SBATCH_EXPORT=NONE keeps from the job what is set here
        set_there = [f"export {name}={shlex.quote(value)}" for name, value in job.variables.items()]
        script = "\n".join(["#!/bin/sh", *set_there, f"exec srun --export=ALL --kill-on-bad-exit=1 {started}", ""])
        said = tool("sbatch", *options, given=script)
        if said.returncode:
            raise ConfigError(f"train.launcher: slurm: {first_line(said.stderr)}")
        return said.stdout.strip().partition(";")[0]  # behind it is the cluster's name

    def find(self, job: Job) -> str | None:
        """Return the number of the job of that name.

        Raises:
            ConfigError: SLURM cannot be asked, so that the job may yet be there.
        """
        said = tool("squeue", "--noheader", f"--name={job.name}", "--states=all", "--format=%i")
        if said.returncode:
            raise ConfigError(
                f"train.launcher: slurm: {first_line(said.stderr)}; job {job.name} may have been submitted before: run "
                "the same command again when SLURM answers"
            )
        return said.stdout.split()[0] if said.stdout.split() else None

    def state(self, job: Job) -> State:
        """Return its state and the reason of it; one that nobody knows any more has ended."""
        said = tool("squeue", "--noheader", f"--jobs={job.id}", "--states=all", "--format=%T %r")
        if said.returncode and _UNKNOWN not in said.stderr:
            return State(alive=True, said=f"is not known of for a while ({first_line(said.stderr)})")
        state, _, reason = said.stdout.strip().partition(" ")
        if state in _ALIVE:
            return State(alive=True, said=f"is {state}" + (f" ({reason})" if reason not in ("", "None") else ""))
        return State(alive=False, said=f"has ended: {state or 'GONE'}", cancelled=state == "CANCELLED")

    def cancel(self, job: Job) -> None:
        """Cancel it, where it was submitted.

        Raises:
            ConfigError: SLURM cannot be asked.
        """
        if id := job.id or self.find(job):
            said = tool("scancel", id)
            if said.returncode and _UNKNOWN not in said.stderr:
                raise ConfigError(first_line(said.stderr))

    def left(self, job: Job) -> str:
        """Return that it goes on."""
        return f"job {job.id} goes on; the same command waits for it again, and `scancel {job.id}` ends it"


_ALIVE = frozenset(
    {
        "COMPLETING",
        "CONFIGURING",
        "PENDING",
        "REQUEUED",
        "REQUEUE_FED",
        "REQUEUE_HOLD",
        "RESIZING",
        "RUNNING",
        "SIGNALING",
        "SPECIAL_EXIT",
        "STAGE_OUT",
        "STOPPED",
        "SUSPENDED",
    }
)
"""States of a job that may yet run (squeue(1))."""
