"""A copy of the project for the story alone: its own folder, its own state, and the processes that run in it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from components.config.errors import ConfigError, EndpointError, JourneymanError
from components.config.settings import CLOCK, LOGS, environment
from components.system.processes import die_with_parent

_OURS = ("MLFLOW_", "PREFECT_", "BENTOML_", "DVC_", "JOURNEYMAN_", "GIT_")
"""Beginnings of variables that would lead a copy to the user's own servers and folders."""
_START_LIMIT, _STOP_LIMIT = 180.0, 20.0
_AUTHOR = ("-c", "user.name=demo", "-c", "user.email=demo@localhost")


@dataclass(frozen=True)
class Project:
    """The copy."""

    path: Path
    variables: Mapping[str, str]
    """Of its processes."""

    @property
    def clock(self) -> Path:
        """The file of its clock."""
        return Path(self.variables[CLOCK])

    @property
    def log(self) -> Path:
        """What its processes print."""
        return self.path / "state" / "demo.log"

    def run(self, *command: str) -> str:
        """Run a command to its end; return what it printed.

        Raises:
            JourneymanError: it failed.
        """
        with self.started(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            said, _ = process.communicate()
        with self.log.open("ab") as log:
            log.write(said)
        if process.returncode:
            raise JourneymanError(f"{' '.join(command)} failed in {self.path}: {_last(said.decode())}; see {self.log}")
        return said.decode()

    @contextmanager
    def started(self, *command: str, **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
        """Have a command run for as long as the block does; what it leaves behind ends with it."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.path,
                env=dict(self.variables),
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGTERM),
                **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options},
            )
        try:
            yield process
        finally:
            _end(process)
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()

    @contextmanager
    def served(self, url: str, path: str, *command: str) -> Iterator[str]:
        """Have a server run for as long as the block does, which begins when it answers; yield its address.

        Raises:
            EndpointError: it does not.
        """
        with self.started(*command) as process:
            until = time.monotonic() + _START_LIMIT
            while not _answers(f"{url}{path}"):
                if process.poll() is not None or time.monotonic() > until:
                    raise EndpointError(f"{' '.join(command)} did not get ready: see {self.log}")
                time.sleep(0.1)
            yield url


def copied(root: Path, folder: Path, params: str) -> Project:
    """Make the copy: what is committed in the project at `root`, with another `params.yaml`. What was there is gone.

    Raises:
        ConfigError: it is no clone.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    cloned = subprocess.run(["git", "clone", "--quiet", str(root), str(folder)], capture_output=True, text=True)
    if cloned.returncode:
        raise ConfigError(f"{root}: the story plays in a clone of it, and git says: {_last(cloned.stderr)}")
    subprocess.run(["git", "-C", str(folder), "remote", "remove", "origin"], check=True)  # nothing is pushed
    return taken(folder, params)


def taken(folder: Path, params: str) -> Project:
    """Return the copy that is in `folder`, with these parameters committed."""
    (folder / "params.yaml").write_text(params)
    (folder / "state").mkdir(exist_ok=True)
    return Project(folder, _variables(folder))


def commit(project: Project) -> None:
    """Commit what was written, as a user does before a training."""
    git = ["git", "-C", str(project.path), *_AUTHOR]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "the story's workload"], check=True)


def _variables(folder: Path) -> dict[str, str]:
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]  # `environment` would take them for the user's choice
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {LOGS: str(folder / "state" / "log"), CLOCK: str(folder / "state" / "clock"), "PATH": path}
    return {**os.environ, **environment(folder), **own}


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=5.0, trust_env=False).is_success
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_LIMIT)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "nothing"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
