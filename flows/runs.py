"""Prefect's record of past runs, kept true: a run whose process was killed must not stay Running."""

import atexit
import socket
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
from components.system.processes import start_tick

_TAG = "process="
_held = ExitStack()  # the tokens of this process's runs: others find it alive by them until it ends
atexit.register(_held.close)


def mark_dead_runs(flow: str) -> None:
    """Tag this run with its process, and mark runs of `flow` Crashed that were begun in this folder and have none."""
    token = _held.enter_context(alive())
    with get_client(sync_client=True) as client:
        own = client.read_flow_run(UUID(flow_run.get_id()))
        client.update_flow_run(own.id, tags=[*own.tags, f"{_TAG}{token}"])
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


def _is_dead(run: FlowRun) -> bool:
    marks = [tag.removeprefix(_TAG) for tag in run.tags if tag.startswith(_TAG)]
    if not marks:
        return False
    if "/" not in marks[0]:
        return look_for(marks[0]) == "gone"
    host, pid, _ = str(marks[0]).split("/")  # a run from before there were tokens
    return host == socket.gethostname() and _identity(int(pid)) != marks[0]


def _forget(run: FlowRun) -> None:
    for tag in run.tags:
        if tag.startswith(_TAG):
            forget(tag.removeprefix(_TAG))


def _identity(pid: int) -> str:
    """Return host, process and the tick it started at, since process ids come again; no tick: it is gone."""
    return f"{socket.gethostname()}/{pid}/{start_tick(pid) or ''}"
