"""Many processes at once, cheaply: one process imports what they need, then forks each of them.

`python -m tests.forks FOLDER` reads one JSON list a line, each item `{"code", "cwd", "env", "kill"}`, runs them side by
side and answers with one line, `[[status, output], ...]`. With `kill`: n the process kills itself (SIGKILL) just before
the n-th thing (from 0) that it would make others see: a write to MLflow, or a rename.

FOLDER has a project with an MLflow store, which is opened to warm up; no item may use it.
"""

import gc
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, Project

NAMES = """
import json
from components.registry.promotion import aliases
from components.registry.promotion.ledger import Ledger
from components.registry.promotion import note_published, promote, reconciled_champion
from components.registry.register import register
from components.registry.promotion.rollback import roll_back
from components.registry.promotion.aliases import champion
from components.registry.version import get_version
from tests.registering import promoted, registered, variant, verdict

def answer(value):
    print("answer", json.dumps(value))

def override(number):
    challenger = get_version("digits", number)
    against = verdict(challenger, reconciled_champion("digits"))
    answer(promote(challenger, against, "a racer", "for fun", True).promoted and "overridden")

def back():
    answer(roll_back("digits", "a racer").promoted and "rolled back")
"""
READ = """
ledger = Ledger("digits")
entries = [[entry.what, entry.left, entry.to] for entry in ledger.read().entries]
answer([aliases.aliases(ledger), entries])
"""
IMPATIENT = "aliases._PATIENCE = 0.3\n"  # who was killed is not waited for that long
WRITES = (
    "create_experiment",
    "create_run",
    "delete_registered_model_alias",
    "log_param",
    "rename_experiment",
    "set_registered_model_alias",
    "set_terminated",
)
TAG = "set_model_version_tag"
"""The write that notes how a trial stands; others of it decide nothing."""


class Forks:
    """Runs pieces of Python side by side, each in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, *items: dict[str, Any]) -> list[tuple[int, str]]:
        """Return exit status (negative: the signal that killed it) and output of each."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(items) + "\n")
        self._process.stdin.flush()
        return [(status, output) for status, output in json.loads(self._process.stdout.readline())]


@contextmanager
def forks(warm: Project) -> Iterator[Forks]:
    command = [sys.executable, "-m", "tests.forks", str(warm.path)]
    with subprocess.Popen(
        command, cwd=ROOT, env=warm.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Forks(process)


def item(
    project: Project,
    code: str,
    uri: str = "",
    kill: int | None = None,
    tags: bool = False,
    also: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what `Forks.run` takes: code to run in the project's folder.

    Killed before its write number `kill`; `tags`: those of tags are counted as well, `also`: so are these.
    """
    store = uri or f"sqlite:///{project.path}/state/mlflow/mlflow.db"
    patient = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "60"}  # eight at once ask a server that has two cores
    environment = {**project.environment(), **patient, "MLFLOW_TRACKING_URI": store}
    return {
        "code": NAMES + code,
        "cwd": str(project.path),
        "env": environment,
        "kill": kill,
        "also": [*also, *([TAG] if tags else [])],
    }


def succeed(forked: Forks, *items: dict[str, Any]) -> list[Any]:
    """Run the items side by side, and return what each has answered."""
    done = forked.run(*items)
    assert [status for status, _ in done] == [0] * len(items), "\n".join(output for _, output in done)
    found = [re.search(r"^answer (.*)$", output, re.MULTILINE) for _, output in done]
    return [json.loads(one[1]) if one else None for one in found]


def side_by_side(forked: Forks, projects: list[Project], codes: list[str], store: str) -> list[Any]:
    """Run a code in each project, all at the same moment; return what each has answered."""
    start = f"import time\ntime.sleep(max({time.time() + 1} - time.time(), 0))\n"
    items = [item(project, start + code, store) for project, code in zip(projects, codes, strict=True)]
    return succeed(forked, *items)


def read(forked: Forks, *projects: Project) -> list[tuple[dict[str, str], list[list[str]]]]:
    """Return of each project's store where the aliases stand, and what, from and to of the history's entries."""
    return [tuple(said) for said in succeed(forked, *(item(project, READ) for project in projects))]


def _serve() -> None:
    import flows.retrain
    import flows.rollback
    import flows.shadow  # noqa: F401 - imported once, for all
    from tests.registering import reconciled_champion
    from tests.warm import remember

    remember()
    os.chdir(sys.argv[1])
    reconciled_champion("digits")
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            items = json.loads(line)
            outputs = [Path(folder, str(place)) for place in range(len(items))]
            children = [_start(item, output) for item, output in zip(items, outputs, strict=True)]
            statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            answer = [[status, output.read_text()] for status, output in zip(statuses, outputs, strict=True)]
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _start(item: dict[str, Any], output: Path) -> int:
    if child := os.fork():
        return child
    status = 1
    try:
        file = os.open(output, os.O_CREAT | os.O_WRONLY)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.chdir(item["cwd"])
        os.environ.clear()
        os.environ.update(item["env"])
        _count_steps(item.get("kill"), (*WRITES, *item["also"]))
        exec(item["code"], {"__name__": "__fork__"})
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _count_steps(kill: int | None, writes: tuple[str, ...]) -> None:
    """Kill this process at its step number `kill`: before one of these writes, or a file is moved to its place."""
    from mlflow import MlflowClient

    seen = 0

    def step() -> None:
        nonlocal seen
        if seen == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    def counted(write: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            step()
            return write(*arguments, **named)

        return call

    for name in writes:
        setattr(MlflowClient, name, counted(getattr(MlflowClient, name)))
    sys.addaudithook(lambda event, _: step() if event == "os.rename" else None)


if __name__ == "__main__":
    _serve()
