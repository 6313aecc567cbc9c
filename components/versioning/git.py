"""git, asked by its plumbing alone: nothing here looks at or moves a branch, the index or the files of the user."""

import os
import subprocess
from collections.abc import Iterable, Mapping

from components.config.errors import RegistryError

_LIMIT = 600.0  # seconds


def git(*arguments: str, env: Mapping[str, str] | None = None, may_fail: bool = False, limit: float = _LIMIT) -> str:
    """Run git in the project's folder and return what it printed; nothing where it `may_fail` and does.

    Raises:
        RegistryError: git is not there, or refuses.
    """
    return ask_git(arguments, env, may_fail, limit).decode(errors="surrogateescape").strip("\n")


def ask_git(
    arguments: Iterable[str],
    env: Mapping[str, str] | None = None,
    may_fail: bool = False,
    limit: float = _LIMIT,
    given: bytes = b"",
) -> bytes:
    """Run git with `given` as its input and return the bytes that it printed, see `git`."""
    command = ["git", *arguments]
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, env={**os.environ, **(env or {})}, timeout=limit
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RegistryError(f"git does not answer: {error}") from error
    if done.returncode == 0:
        return done.stdout
    if may_fail:
        return b""
    said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
    raise RegistryError(f"git {command[1]}: {said[-1]}")
