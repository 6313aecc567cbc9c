"""One stage of `dvc.yaml` as one task: DVC decides whether it is stale, the task's state says what it decided."""

import logging
import re
import time
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from components.config.errors import StageError
from components.versioning.dvc import dvc, last_error

logger = logging.getLogger(__name__)

PREPARING = ("ingest", "prepare")
TRAINING = ("train", "export", "evaluate")

_BUSY = re.compile("is busy, it is being blocked by|Unable to acquire lock")
_BUSY_WAIT = 2.0  # seconds between two tries while another DVC command holds the lock
_BUSY_TRIES = 1_800  # an hour: a whole training may be in the way


@task(cache_policy=NO_CACHE, persist_result=False, task_run_name="{stage}")
def reproduce(stage: str, workload: str) -> State[None]:
    """Run `dvc repro` for one stage; its state is named Completed (it ran), Cached (restored) or Skipped (unchanged).

    Raises:
        StageError: the stage failed; its own output above says why.
    """
    began = time.monotonic()
    for tries in range(_BUSY_TRIES):
        status, output = dvc("repro", "--single-item", f"{stage}@{workload}")
        if status == 0 or not _BUSY.search(output):
            break
        if tries == 0:
            logger.warning("stage %s waits: another dvc is at work here", stage)
        time.sleep(_BUSY_WAIT)
    if status != 0:
        raise StageError(f"stage {stage}@{workload} failed: {last_error(output)}")
    name, message = _outcome(output)
    return Completed(name=name, message=f"{message} ({time.monotonic() - began:.1f} s)")


def outcome(state: State[Any]) -> str:
    """Return the name of the task's state; the stage's error is raised again."""
    if state.is_failed() or state.is_crashed():
        state.result()
    return str(state.name)


def _outcome(output: str) -> tuple[str, str]:
    if "is cached - skipping run" in output:
        return "Cached", "restored from DVC's cache"
    if "Running stage" in output:
        return "Completed", "ran"
    return "Skipped", "nothing changed"
