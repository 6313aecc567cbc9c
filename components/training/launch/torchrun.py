"""torchrun, in this process's care: its processes start again when one is killed, and it does when it is killed itself.

It ends with this process, and goes on from the last checkpoint when the stage runs again.
"""

import logging
import os
import subprocess
import sys
from functools import partial
from signal import SIGTERM
from typing import TYPE_CHECKING

import torch

from components.config.errors import ConfigError
from components.system.processes import die_with_parent
from components.training.launch.job import Job
from components.training.launch.state import State

if TYPE_CHECKING:
    from components.config.params import Training

logger = logging.getLogger(__name__)

WORKER = "components.training.launch.worker"
RESTART = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
"""Without it what torchrun starts again ends in `Gloo connectFullMesh failed` (pytorch #167288, #135712)."""
_THREADS = {"OMP_NUM_THREADS": "1"}
"""What torchrun sets itself, and warns of; the training sets its own count."""
_RESTARTS = 3
ENDPOINT = "PET_RDZV_ENDPOINT"
"""torchrun's own variable: where the processes of several machines meet, on the machine of the stage."""
_OPTIONS = "PET_RDZV_CONF"
"""torchrun's own variable: options of how they meet, as join_timeout=600."""
_PATIENCE = 60.0  # seconds that its processes have to save and end


class Torchrun:
    """Starts the processes on this machine, and waits for those of the others where there are some."""

    every = 0.2

    def __init__(self, config: "Training", joins: bool = False) -> None:
        """Take the counts of processes and of machines from the section `train`.

        Args:
            config: the section.
            joins: another machine than the stage's; where they meet is there.
        """
        self._nodes, self._devices, self._joins = config.nodes, config.devices, joins
        self._cpu = config.accelerator == "cpu"
        self._agent: subprocess.Popen[bytes] | None = None

    def submit(self, job: Job) -> str:
        """Start torchrun; return its process id.

        Raises:
            ConfigError: there are several machines, and it is not known where they meet.
        """
        arguments = self._arguments(job)
        if self._nodes > 1 and not self._joins:
            others = "another machine" if self._nodes == 2 else f"{self._nodes - 1} other machines"
            logger.info("torchrun: waits for %s: type python -m flows.join %s there", others, job.workload)
        self._agent = subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", *arguments, "-m", WORKER, job.workload],
            env={**RESTART, **_THREADS, **os.environ, **job.variables},
            preexec_fn=partial(die_with_parent, SIGTERM, os.getpid()),
        )
        return str(self._agent.pid)

    def must_meet(self) -> None:
        """Raise a `ConfigError` where there are several machines and it is not known where they meet."""
        if self._nodes > 1 and not os.environ.get(ENDPOINT):
            raise ConfigError(
                f"train.nodes: {self._nodes} machines: set {ENDPOINT} to where they meet, as head.example.org:29500"
            )

    def _arguments(self, job: Job) -> list[str]:
        self.must_meet()
        return [
            f"--nnodes={self._nodes}",
            f"--nproc-per-node={self._processes()}",
            "--rdzv-backend=c10d",
            *self._meeting(),
            f"--rdzv-id={job.name}",  # those of a job that was given up do not meet those of the next
            f"--max-restarts={_RESTARTS}",
        ]

    def _meeting(self) -> list[str]:
        if self._nodes == 1:
            return ["--rdzv-endpoint=localhost:0"]
        options = [f"is_host={int(not self._joins)}", os.environ.get(_OPTIONS, "")]  # of two the later counts
        return [f"--rdzv-endpoint={os.environ[ENDPOINT]}", f"--rdzv-conf={','.join(filter(None, options))}"]

    def _processes(self) -> int:
        if self._devices != "auto":
            return self._devices
        return 1 if self._cpu else torch.cuda.device_count() or 1

    def find(self, job: Job) -> str | None:
        """Return None: it has ended with who started it."""
        return None

    def state(self, job: Job) -> State:
        """Return whether it runs, or how it ended."""
        if self._agent is None:
            return State(alive=False, said="has ended with who waited for it")
        status = self._agent.poll()
        return State(alive=status is None, said="runs" if status is None else f"has ended with status {status}")

    def cancel(self, job: Job) -> None:
        """End it."""
        if self._agent and self._agent.poll() is None:
            self._agent.terminate()
            try:
                self._agent.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._agent.kill()  # its processes end some time after it
                self._agent.wait()

    def left(self, job: Job) -> str:
        """End it; return from where it goes on."""
        self.cancel(job)
        return "stopped; the same command goes on from the last checkpoint"
