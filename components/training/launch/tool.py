"""Ask a launcher by its own command."""

import subprocess

from components.config.errors import ConfigError

_PATIENCE = 120.0  # seconds that a command may take
_LATE = 124  # status of one that took longer, as timeout(1) says it


def tool(*command: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a launcher's command, and return how it ended and what it said.

    Args:
        command: the program, and its arguments.
        given: its standard input.

    One that does not answer in time has failed, as one that says why.

    Raises:
        ConfigError: there is no such program, or it cannot be run.
    """
    try:
        return subprocess.run(
            command,
            input=given,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except FileNotFoundError as error:
        raise ConfigError(f"train.launcher: {command[0]} is not there; install it, or say launcher: local") from error
    except OSError as error:
        raise ConfigError(f"train.launcher: {command[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        late = f"{command[0]} does not answer within {_PATIENCE:g} s"
        return subprocess.CompletedProcess(command, _LATE, "", late)


def first_line(text: str) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "no word")
