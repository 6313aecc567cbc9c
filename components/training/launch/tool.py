"""Ask a launcher by its own command."""

import os
import subprocess
from collections.abc import Mapping

from components.config.errors import ConfigError

_PATIENCE = 120.0  # seconds that a command may take


def tool(
    *command: str, variables: Mapping[str, str] | None = None, given: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run a launcher's command, and return how it ended and what it said.

    Args:
        command: the program, and its arguments.
        variables: what its environment has besides.
        given: its standard input.

    Raises:
        ConfigError: there is no such program, or it does not answer.
    """
    try:
        return subprocess.run(
            command,
            env={**os.environ, **(variables or {})},
            input=given,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except FileNotFoundError as error:
        raise ConfigError(f"train.launcher: {command[0]} is not there; install it, or say launcher: local") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"train.launcher: {command[0]} does not answer within {_PATIENCE:g} s") from error


def first_line(text: str) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "no word")
