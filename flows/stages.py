"""One stage of `dvc.yaml` as one task: DVC decides whether it is stale, the task's state says what it decided."""

import time
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from components.versioning import stages


@task(cache_policy=NO_CACHE, persist_result=False, task_run_name="{stage}")
def reproduce(stage: str, workload: str) -> State[None]:
    """Reproduce one stage; its state is named Completed (it ran), Cached (restored) or Skipped (unchanged).

    Raises:
        StageError: the stage failed; its own output above says why.
    """
    began = time.monotonic()
    decided = stages.reproduce(stage, workload)
    return Completed(name=decided.name, message=f"{decided.message} ({time.monotonic() - began:.1f} s)")


def outcome(state: State[Any]) -> str:
    """Return the name of the task's state; the stage's error is raised again."""
    if state.is_failed() or state.is_crashed():
        state.result()
    return str(state.name)
