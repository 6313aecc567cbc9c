"""Prefect's record of past runs, kept true: a run whose process was killed must not stay Running.

Who works in the same folder asks the lock that the run's process holds (`components/system/alive.py`); who works
elsewhere and shares the Prefect server goes by the run's heartbeat, a tag.
"""

import atexit
import socket
import time
from contextlib import ExitStack
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.runtime import flow_run
from prefect.states import Crashed

from components.system.alive import alive, forget, look_for
from components.system.heartbeat import beating, is_silent
from components.system.processes import start_tick

_TAG = "process="
_BEAT = "heartbeat="
"""Of the tag with the seconds since 1970 at which the run's process was last alive."""
_held = ExitStack()  # the tokens of this process's runs: others find it alive by them until it ends
atexit.register(_held.close)


def mark_dead_runs(flow: str) -> None:
    """Tag this run with its process, and mark runs of `flow` Crashed that were begun in this folder and have none."""
    token = _held.enter_context(alive())
    with get_client(sync_client=True) as client:
        own = client.read_flow_run(UUID(flow_run.get_id()))
        client.update_flow_run(own.id, tags=[*own.tags, f"{_TAG}{token}", _beat()])
        running = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))
            ),
        )
        for run in running:
            if run.id != own.id and _is_dead(run):
                client.set_flow_run_state(run.id, Crashed(message="its process is gone"), force=True)
                _forget(run)
    _held.enter_context(beating(lambda: _say_alive(own.id), "the Prefect server"))


def _say_alive(run: UUID) -> bool:
    """Say on the run that its process lives; return False where the run has ended."""
    with get_client(sync_client=True) as client:
        now = client.read_flow_run(run)
        if now.state is None or now.state.is_final():
            return False
        client.update_flow_run(run, tags=[*(tag for tag in now.tags if not tag.startswith(_BEAT)), _beat()])
    return True


def _beat() -> str:
    return f"{_BEAT}{time.time():.0f}"


def _is_dead(run: FlowRun) -> bool:
    marks = [tag.removeprefix(_TAG) for tag in run.tags if tag.startswith(_TAG)]
    if not marks:
        return False
    if "/" not in marks[0]:
        found = look_for(marks[0])
        return found == "gone" or (found == "elsewhere" and _is_silent(run))
    host, pid, _ = str(marks[0]).split("/")  # a run from before there were tokens
    return host == socket.gethostname() and _identity(int(pid)) != marks[0]


def _is_silent(run: FlowRun) -> bool:
    """Whether the run had a heartbeat, and has had none for long."""
    beats = [float(tag.removeprefix(_BEAT)) for tag in run.tags if tag.startswith(_BEAT)]
    return bool(beats) and is_silent(max(beats))


def _forget(run: FlowRun) -> None:
    for tag in run.tags:
        if tag.startswith(_TAG):
            forget(tag.removeprefix(_TAG))


def _identity(pid: int) -> str:
    """Return host, process and the tick it started at, since process ids come again; no tick: it is gone."""
    return f"{socket.gethostname()}/{pid}/{start_tick(pid) or ''}"
