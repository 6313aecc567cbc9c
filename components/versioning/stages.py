"""The stages of `dvc.yaml`, run by DVC, which decides what is stale."""

import logging
import re
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.config.errors import StageError
from components.versioning import dvc, lock

logger = logging.getLogger(__name__)

PREPARING = ("ingest", "prepare")
TRAINING = ("train", "export", "cross_validate", "evaluate")
STAGES = PREPARING + TRAINING
"""Each behind those whose outputs it takes."""
RESOLVE = "resolve"
"""What the others take of kind, task and `params.yaml`: a stage of a second, run with the first that needs it."""
BACKBONE = "backbone"
"""The pretrained network that a training begins with; nothing where it begins with none."""

_BEFORE = {"ingest": (RESOLVE,), "train": (RESOLVE, BACKBONE)}

_BUSY = re.compile("is busy, it is being blocked by|Unable to acquire lock")
_BUSY_WAIT = 2.0  # seconds between two tries while another DVC command holds the lock
_BUSY_TRIES = 1_800  # an hour: a whole training may be in the way
_LONGEST_TARGET = 200  # characters of DVC's words about one, which may come in two pieces


@dataclass(frozen=True)
class Outcome:
    """What DVC decided of a stage."""

    name: Literal["Completed", "Cached", "Skipped"]
    """It ran, its outputs were restored from the cache, or nothing it depends on has changed."""
    message: str


def reproduce(stages: Sequence[str], workload: str) -> Generator[Outcome]:
    """Run one `dvc repro` for several stages, and for what is made for them alone; yield of each what DVC decided.

    Starting DVC takes longer than most stages that have not changed. It is waited for while another is at work here.

    Raises:
        StageError: a stage failed, the one whose outcome was asked for; its own output says why.
    """
    left = list(stages)
    for tries in range(_BUSY_TRIES):
        targets = [f"{name}@{workload}" for stage in left for name in (*_BEFORE.get(stage, ()), stage)]
        output = ""
        with dvc.running("repro", "--single-item", *targets) as process:
            for text in dvc.passed_on(process):
                latest = output[-_LONGEST_TARGET:] + text
                output += text
                while any(_reached(f"{stage}@{workload}", latest) for stage in left[1:]):
                    yield _outcome(f"{left.pop(0)}@{workload}", output)
            status = process.wait()
        if status == 0 or not _BUSY.search(output):
            break
        if tries == 0:
            logger.warning("stage %s waits: another dvc is at work here", left[0])
        time.sleep(_BUSY_WAIT)
    if status != 0:
        raise StageError(f"stage {left[0]}@{workload} failed: {dvc.last_error(output)}")
    for stage in left:
        yield _outcome(f"{stage}@{workload}", output)


def _reached(target: str, output: str) -> bool:
    """Whether DVC has come to the target: it runs, restores, skips or cannot begin it."""
    return re.search(rf"(?:[sS]tage|failed to reproduce) '{re.escape(target)}'", output) is not None


def reproduce_again(workload: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Run every stage behind the raw records in another folder, stale or not; nothing goes into DVC's cache.

    Args:
        workload: whose stages.
        folder: a project.
        environment: the variables of the stages.

    Raises:
        StageError: a stage failed; its own output says why.
    """
    recorded = lock.stages(workload, folder / lock.LOCK)
    commands = [("--downstream", f"prepare@{workload}")]
    if RESOLVE in recorded and not _is_behind(RESOLVE, "prepare", recorded):
        commands.insert(0, ("--single-item", f"{RESOLVE}@{workload}"))
    for command in commands:
        status, output = dvc.dvc("repro", "--force", "--no-commit", *command, folder=folder, environment=environment)
        if status != 0:
            raise StageError(f"{workload} cannot be made again: {dvc.last_error(output)}")


def _is_behind(stage: str, other: str, recorded: Mapping[str, lock.Stage]) -> bool:
    """Whether a stage takes what the other makes, as `resolve` once did of `prepare`."""
    return bool(set(recorded[stage].deps) & set(recorded[other].outs))


def _outcome(target: str, output: str) -> Outcome:
    if f"Stage '{target}' is cached - skipping run" in output:
        return Outcome("Cached", "restored from DVC's cache")
    if f"Running stage '{target}'" in output:
        return Outcome("Completed", "ran")
    return Outcome("Skipped", "nothing changed")
