"""The loop's own flows, asked for by name and run in a process of the copy; see `night.py`."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from components.config.errors import JourneymanError
from demo.project import Project


@dataclass(frozen=True)
class Loop:
    """A process that runs them."""

    workload: str
    process: "subprocess.Popen[bytes]"
    project: Project

    def run(self, flow: str, **arguments: int) -> dict[str, Any]:
        """Run a flow to its end; return what it came to.

        Raises:
            JourneymanError: the process has ended.
        """
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"flow": flow, "workload": self.workload, **arguments}).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            said = self.project.log.read_text(errors="replace").strip().splitlines()
            last = f" ({said[-1]})" if said else ""
            raise JourneymanError(f"the process of the flows has ended within {flow}{last}: see {self.project.log}")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def loop(project: Project, workload: str) -> Iterator[Loop]:
    """Have the process for as long as the block runs."""
    command = ("python", "-m", "demo.night")
    with project.started(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Loop(workload, process, project)
