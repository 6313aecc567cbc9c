"""Runs whose process was killed without a word: found, and marked KILLED.

A run carries, as tags, a token that its process holds a lock by (`components/system/alive.py`), and a heartbeat. Who
works in the same folder asks the lock; who works elsewhere and shares the tracking server, the heartbeat.
"""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil
from mlflow.entities import Run

from components.system.alive import alive, forget, look_for
from components.system.heartbeat import beating, is_silent
from components.tracking.store import Store

ENDED = "journeyman.ended"
"""Tag of a run that was found to have no process any more: says so."""
LOCK = "process.lock"
"""Tag: the token of the run's process."""
BEAT = "process.heartbeat"
"""Tag: when the process was last alive, in milliseconds since 1970."""


@contextmanager
def process_tags() -> Iterator[dict[str, str]]:
    """Yield the tags by which others tell whether this process lives, for as long as the block runs."""
    with alive() as token:
        yield {**_numbers(os.getpid()), LOCK: token, BEAT: _now()}


@contextmanager
def heartbeat(store: Store, run: Run) -> Iterator[None]:
    """Say on the run every half minute that its process lives, for as long as the block runs."""
    with beating(lambda: store.client.set_tag(run.info.run_id, BEAT, _now()), "the tracking server"):
        yield


def mark_dead_runs(store: Store) -> None:
    """Mark runs KILLED that are said to be running, and have no process any more."""
    for run in store.client.search_runs([store.experiment], "attributes.status = 'RUNNING'", max_results=1000):
        # one that has ended since let go of its lock after that
        if _is_gone(run.data.tags) and store.client.get_run(run.info.run_id).info.status == "RUNNING":
            store.client.set_tag(run.info.run_id, ENDED, "its process was killed")
            store.client.set_terminated(run.info.run_id, "KILLED")
            forget(run.data.tags.get(LOCK, "none"))


def _is_gone(tags: Mapping[str, str]) -> bool:
    if LOCK not in tags:
        return _has_no_number(tags)
    found = look_for(tags[LOCK])
    if found == "elsewhere":  # of one whose heartbeat somebody has taken away nothing is known
        return tags.get(BEAT, "").isdecimal() and is_silent(int(tags[BEAT]) / 1000)
    return found == "gone"


def _has_no_number(tags: Mapping[str, str]) -> bool:
    """Whether a run from before there was a lock had a process of this host that is gone."""
    if tags.get("process.host") != socket.gethostname() or not tags.get("process.pid", "").isdecimal():
        return False
    return dict(tags) != {**tags, **_numbers(int(tags["process.pid"]))}


def _numbers(pid: int) -> dict[str, str]:
    """Return what tells a process from every other of its host: process ids come again, with another start time."""
    try:
        started = f"{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        started = "gone"
    return {"process.host": socket.gethostname(), "process.pid": str(pid), "process.started": started}


def _now() -> str:
    return str(int(time.time() * 1000))
