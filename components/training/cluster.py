"""Which launcher started this process: torchrun, SLURM's `srun`, or none, where a training starts its own processes.

Lightning takes every process in a SLURM allocation for one that `srun` started. In an `salloc` shell, or in a batch
script without `srun`, that is wrong: the training would stop, or wait for processes that nobody starts.
"""

import os
import warnings

from lightning.fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)

from components.config.errors import ConfigError
from components.config.settings import LAUNCHED

_STEP = ("SLURM_STEP_ID", "SLURM_STEPID")
"""What only a process that `srun` started has; a batch script has the other variables too."""
_ELASTIC = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
"""What torchrun tells each process that it starts."""


def is_started() -> bool:
    """Whether a launcher has started this process as one of a training's: torchrun, SLURM's `srun`, or ours."""
    in_step = any(name in os.environ for name in _STEP) and "SLURM_PROCID" in os.environ
    return bool(os.environ.get(LAUNCHED)) or in_step or all(name in os.environ for name in _ELASTIC)


def cluster_environment(devices: int, nodes: int) -> ClusterEnvironment | None:
    """Return how the processes of a training find each other; None: as Lightning finds by itself.

    Args:
        devices: processes of this node.
        nodes: machines.

    Raises:
        ConfigError: `srun` started another number of processes than the training is to have.
    """
    warnings.filterwarnings("ignore", "The `srun` command is available")  # most people on a login node want none of it
    if TorchElasticEnvironment.detect():
        return None if all(name in os.environ for name in _ELASTIC) else LightningEnvironment()
    if "SLURM_NTASKS" not in os.environ:
        return None
    started, wanted = _started(), devices * nodes
    if nodes == 1 and started == 1:
        return LightningEnvironment()
    if started != wanted:
        raise ConfigError(
            f"train.devices, train.nodes: {devices} x {nodes} = {wanted} processes, but srun started {started}; "
            f"set them to the job's tasks per node and nodes, or say srun --nodes {nodes} --ntasks-per-node {devices}"
        )
    try:
        return SLURMEnvironment()
    except RuntimeError as error:  # --ntasks without --ntasks-per-node
        raise ConfigError(f"SLURM: say --ntasks-per-node {devices} in place of --ntasks {started}") from error


def _started() -> int:
    """Return how many processes `srun` started together with this one; 1: it was started by something else."""
    in_step = any(name in os.environ for name in _STEP)
    if "SLURM_PROCID" not in os.environ or (os.environ.get("ENVIRONMENT") == "BATCH" and not in_step):
        return 1
    return int(os.environ.get("SLURM_STEP_NUM_TASKS") or os.environ["SLURM_NTASKS"])
