"""The stages of `dvc.yaml`, run by DVC, which decides what is stale."""

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.config.errors import StageError
from components.versioning.dvc import dvc, last_error

logger = logging.getLogger(__name__)

PREPARING = ("ingest", "prepare")
TRAINING = ("train", "export", "evaluate")
STAGES = PREPARING + TRAINING
"""Each behind those whose outputs it takes."""

_BUSY = re.compile("is busy, it is being blocked by|Unable to acquire lock")
_BUSY_WAIT = 2.0  # seconds between two tries while another DVC command holds the lock
_BUSY_TRIES = 1_800  # an hour: a whole training may be in the way


@dataclass(frozen=True)
class Outcome:
    """What DVC decided of a stage."""

    name: Literal["Completed", "Cached", "Skipped"]
    """It ran, its outputs were restored from the cache, or nothing it depends on has changed."""
    message: str


def reproduce(stage: str, workload: str) -> Outcome:
    """Run `dvc repro` for one stage; wait while another DVC command is at work here.

    Raises:
        StageError: the stage failed; its own output says why.
    """
    for tries in range(_BUSY_TRIES):
        status, output = dvc("repro", "--single-item", f"{stage}@{workload}")
        if status == 0 or not _BUSY.search(output):
            break
        if tries == 0:
            logger.warning("stage %s waits: another dvc is at work here", stage)
        time.sleep(_BUSY_WAIT)
    if status != 0:
        raise StageError(f"stage {stage}@{workload} failed: {last_error(output)}")
    return _outcome(output)


def reproduce_again(workload: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Run every stage behind the raw records in another folder, stale or not; nothing goes into DVC's cache.

    Args:
        workload: whose stages.
        folder: a project.
        environment: the variables of the stages.

    Raises:
        StageError: a stage failed; its own output says why.
    """
    command = ("repro", "--force", "--no-commit", "--downstream", f"prepare@{workload}")
    status, output = dvc(*command, folder=folder, environment=environment)
    if status != 0:
        raise StageError(f"{workload} cannot be made again: {last_error(output)}")


def _outcome(output: str) -> Outcome:
    if "is cached - skipping run" in output:
        return Outcome("Cached", "restored from DVC's cache")
    if "Running stage" in output:
        return Outcome("Completed", "ran")
    return Outcome("Skipped", "nothing changed")
