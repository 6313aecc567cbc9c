"""One stage of `dvc.yaml` as one task: DVC decides whether it is stale, the task's state says what it decided."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from components.versioning import stages


def reproduced(workload: str, names: Sequence[str]) -> dict[str, str]:
    """Reproduce the stages, one after the other; return what DVC decided of each.

    Raises:
        StageError: a stage failed; its own output above says why.
    """
    with closing(stages.reproduce(names, workload)) as decisions:
        return {name: outcome(reproduce(name, decisions, return_state=True)) for name in names}


@task(cache_policy=NO_CACHE, persist_result=False, task_run_name="{stage}")
def reproduce(stage: str, decisions: Iterator[stages.Outcome]) -> State[None]:
    """Wait for one stage, the next decision: its state is named Completed (ran), Cached (restored) or Skipped."""
    began = time.monotonic()
    decided = next(decisions)
    return Completed(name=decided.name, message=f"{decided.message} ({time.monotonic() - began:.1f} s)")


def outcome(state: State[Any]) -> str:
    """Return the name of the task's state; the stage's error is raised again."""
    if state.is_failed() or state.is_crashed():
        state.result()
    return str(state.name)
