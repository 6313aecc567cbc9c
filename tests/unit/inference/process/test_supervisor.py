"""The supervisor of a served endpoint, in a process of its own."""

import subprocess
import sys

REPLACING_WHEN_TOLD_TO_STOP = """
import os, signal
from circus.watcher import Watcher
from bentoml._internal.utils import circus
from components.inference.process.supervisor import look_after_workers
look_after_workers()
arbiter = circus.create_standalone_arbiter([Watcher(name="sleeps", cmd="sleep 100")])
def replace():
    arbiter._exclusive_running_command = "manage_watchers"
    os.kill(os.getpid(), signal.SIGTERM)
    arbiter.loop.call_later(0.3, done)
def done():
    arbiter._exclusive_running_command = None
    print("replaced", flush=True)
arbiter.loop.call_later(0.3, replace)
arbiter.start()
"""


def test_an_order_to_stop_is_not_forgotten_while_a_worker_is_replaced() -> None:
    command = [sys.executable, "-c", REPLACING_WHEN_TOLD_TO_STOP]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == ["replaced"]
