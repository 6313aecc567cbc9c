"""One stage of `dvc.yaml` as one task: DVC decides whether it is stale, the task's state says what it decided."""

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from components.config.entry import die_with_parent
from components.config.errors import StageError

logger = logging.getLogger(__name__)

STAGES = ("ingest", "prepare", "train", "export", "evaluate")

_BUSY = re.compile("is busy, it is being blocked by|Unable to acquire lock")
_BUSY_WAIT = 2.0  # seconds between two tries while another DVC command holds the lock
_BUSY_TRIES = 1_800  # an hour: a whole training may be in the way
_HINTS = re.compile(
    r"\s*To track the changes with git, run:\s+git add [^\n]*\n|"
    r"\s*To enable auto staging, run:\s+dvc config core.autostage true\n|"
    r"Use `dvc push` to send your updates to remote storage.\n|Updating lock file 'dvc.lock'\n"
)
_ERROR = re.compile(r"\b(?:error|ERROR): [^\r\n]*")
_SIGKILL = re.compile(r"exited with (-9|137)$")
_KILLED = ": killed from outside, by the kernel if memory was full; run the same command again"
_STOP_LIMIT = 10.0  # seconds from SIGTERM to SIGKILL


@task(cache_policy=NO_CACHE, persist_result=False, task_run_name="{stage}")
def reproduce(stage: str, workload: str) -> State[None]:
    """Run `dvc repro` for one stage; its state is named Completed (it ran), Cached (restored) or Skipped (unchanged).

    Raises:
        StageError: the stage failed; its own output above says why.
    """
    began = time.monotonic()
    for _ in range(_BUSY_TRIES):
        status, output = _dvc("repro", "--single-item", f"{stage}@{workload}")
        if status == 0 or not _BUSY.search(output):
            break
        logger.info("stage %s waits: another dvc is at work here", stage)
        time.sleep(_BUSY_WAIT)
    if status != 0:
        raise StageError(f"stage {stage}@{workload} failed: {_last_error(output)}")
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


def _last_error(output: str) -> str:
    """Return the first error that was said, which may stand behind a progress bar."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = _ERROR.findall(output)
    said: str = (errors or lines or ["no output"])[0].strip()
    return said + _KILLED if _SIGKILL.search(said) else said


def _dvc(*arguments: str) -> tuple[int, str]:
    """Run DVC in this interpreter's environment, pass its output on as it comes, return its exit status and output."""
    output = []
    with _process([sys.executable, "-m", "dvc", *arguments]) as process:
        assert process.stdout is not None
        while chunk := os.read(process.stdout.fileno(), 1 << 16):
            output.append(chunk)
            sys.stderr.write(_without_hints(chunk.decode(errors="replace")))
            sys.stderr.flush()
        return process.wait(), b"".join(output).decode(errors="replace")


def _without_hints(text: str) -> str:
    """Leave out the advice that DVC repeats after every stage."""
    return _HINTS.sub("", text)


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that ends with this one, whichever way this one ends."""
    quiet = {} if sys.stderr.isatty() else {"TQDM_MININTERVAL": "10"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **quiet, "PATH": path},
        preexec_fn=partial(die_with_parent, signal.SIGTERM),
        start_new_session=True,
    )
    try:
        yield process
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(_STOP_LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        process.wait()
