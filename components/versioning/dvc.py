"""DVC, run as a user runs it: a process of its own, which ends with this one, and says what it does as it goes."""

import os
import re
import signal
import subprocess
import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from components.system.processes import die_with_parent
from components.system.progress import TERMINAL, watched

_HINT = re.compile(
    r"\s*(To track the changes with git, run:|git add \S.*|To enable auto staging, run:|dvc config core.autostage true|"
    r"Use `dvc push` to send your updates to remote storage\.|(Updating|Generating) lock file 'dvc.lock'|)\s*"
)
"""A line of the advice that DVC repeats after every stage, or an empty one."""
_LINE_END = re.compile(r"(\r\n|\r|\n)")
_ERROR = re.compile(r"\b(?:error|ERROR): ([^\r\n]*)")
_SIGKILL = re.compile(r"exited with (-9|137)$")
_KILLED = ": killed from outside, by the kernel if memory was full; run the same command again"
_STOP_LIMIT = 10.0  # seconds from SIGTERM to SIGKILL


def dvc(*arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run DVC in this interpreter's environment, pass its output on as it comes, return its exit status and output.

    Args:
        arguments: of the command line.
        folder: to run it in; here, where none is given.
        environment: its variables, where they are not those of this process.
    """
    with running(*arguments, folder=folder, environment=environment) as process:
        output = "".join(passed_on(process))
        return process.wait(), output


@contextmanager
def running(
    *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Have DVC run for as long as the block: see `dvc`, and `passed_on`."""
    with _process([*program(), *arguments], folder, environment or os.environ) as process:
        yield process


def passed_on(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Pass on what a running DVC says as it comes, until it ends; yield it, as it was said."""
    assert process.stdout is not None
    written, decoder = PassedOn(), getincrementaldecoder("utf-8")(errors="replace")
    while chunk := os.read(process.stdout.fileno(), 1 << 16):
        text = decoder.decode(chunk)
        written.write(text)
        yield text
    written.end()


def program() -> list[str]:
    """Return the command that is DVC in this interpreter's environment."""
    script = Path(sys.executable).with_name("dvc")
    return [str(script)] if script.exists() else [sys.executable, "-m", "dvc"]


def last_error(output: str) -> str:
    """Return the first error that was said, which may stand behind a progress bar."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = _ERROR.findall(output)
    said: str = (errors or lines or ["no output"])[0].strip()
    return said + _KILLED if _SIGKILL.search(said) else said


class PassedOn:
    """Writes output on as it comes, by the line, without DVC's advice and without errors.

    Whoever ran DVC raises its error, so that it is said once, and last.
    """

    def __init__(self) -> None:
        self._begun = ""

    def write(self, text: str) -> None:
        """Write the lines that end in `text`; a progress bar ends its lines by going back to their start."""
        *lines, self._begun = _LINE_END.split(self._begun + text)
        for line, end in zip(lines[::2], lines[1::2], strict=True):
            if not _HINT.fullmatch(line) and not _ERROR.match(line):
                sys.stderr.write(line + end)
        sys.stderr.flush()

    def end(self) -> None:
        """Write what came last, without a line's end."""
        self.write("\n" if self._begun else "")


@contextmanager
def _process(
    command: list[str], folder: Path | None, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that ends with this one, whichever way this one ends."""
    passed_on = {TERMINAL: "1"} if watched() else {}
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environment, **passed_on, "PATH": path},
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
        if process.stdout is not None:
            process.stdout.close()
