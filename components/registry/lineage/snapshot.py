"""The private commit: exactly the files that a version is made from, dirty or not, under a ref of its own.

By git's plumbing, in an index of its own: the user's branch, index and files stay as they are. It holds what is
tracked as it lies in the project's folder, and of what is not tracked the code, what the stages depend on, and DVC's
record; what git ignores and stray files, a note or a key, stay out. The same files on the same commit give the same
private commit; where nothing has changed it is the user's own.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.config.errors import RegistryError
from components.registry.lineage import NONE
from components.versioning.git import git
from components.versioning.lock import LOCK

logger = logging.getLogger(__name__)

REFS = "refs/journeyman"

_ALWAYS = (
    "components",
    "dvc.yaml",
    "params.yaml",
    "constraints.txt",
    "pyproject.toml",
    "bentofile.yaml",
    "Makefile",
    ".dvc/config",
    ".dvcignore",
    ".gitignore",
)
"""What goes in also where nobody has told git of it yet."""
_SHORT = 12
_MANY = 500  # paths of one command: its line has an end
_PUSH_LIMIT = 120.0  # seconds


@dataclass(frozen=True)
class Snapshot:
    """The private commit of a version."""

    commit: str
    head: str
    """The user's commit that it stands on, or `none`."""
    ref: str
    """What keeps it from being collected."""
    folder: str
    """Where in the repository the project lies: empty, or a path that ends in a slash."""
    changed: tuple[str, ...]
    """Files that are not as in `head`, DVC's record apart; paths are from the repository's root."""


def snapshot(workload: str, needed: Iterable[str] = ()) -> Snapshot:
    """Commit what the workload is made from, and return where it is.

    Args:
        workload: gives the ref its name.
        needed: paths from the project's folder that have to be in it, tracked or not; what git ignores stays out.

    Raises:
        RegistryError: there is no git repository here, or git refuses.
    """
    if git("rev-parse", "--is-inside-work-tree", may_fail=True) != "true":
        raise RegistryError("a version is kept with the commit it is made from, and this folder is in no git work tree")
    folder, head = git("rev-parse", "--show-prefix"), _commit("HEAD")
    with _own_index() as index:
        _take_in(index, [*_ALWAYS, *needed])
        tree = git("write-tree", env=index)
    commit = head if head and tree == git("rev-parse", f"{head}^{{tree}}") else _new_commit(workload, tree, head)
    ref = f"{REFS}/{workload}/{commit[:_SHORT]}"
    git("update-ref", ref, commit)
    return Snapshot(commit, head or NONE, ref, folder, _changed(head, commit, folder))


def push(ref: str) -> str:
    """Push `ref` to the remote of this branch, else `origin`, else the only one; return its name, or `none`.

    Where that fails, a warning says so: the version is here, and can be pushed later. `git config journeyman.push
    false` keeps everything here.
    """
    remote = _remote()
    if remote == NONE or git("config", "--get", "--bool", "journeyman.push", may_fail=True) == "false":
        return NONE
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")}
    try:
        git("push", "--quiet", "--no-verify", remote, f"{ref}:{ref}", env=quiet, limit=_PUSH_LIMIT)
    except RegistryError as error:
        logger.warning("%s is kept here alone (%s); later: git push %s %s", ref, error, remote, ref)
        return NONE
    return remote


@contextmanager
def _own_index() -> Iterator[dict[str, str]]:
    """Yield the environment in which git works on a copy of the user's index, which saves it reading every file."""
    user = Path(git("rev-parse", "--git-path", "index"))
    with tempfile.TemporaryDirectory() as folder:
        if user.exists():
            shutil.copy2(user, Path(folder, "index"))
        yield {"GIT_INDEX_FILE": str(Path(folder, "index"))}


def _take_in(index: Mapping[str, str], needed: list[str]) -> None:
    """Bring the index up to date with the folder: what is tracked, then what is needed and not ignored."""
    git("add", "--update", ":/", env=index)
    there = [path for path in needed if not path.startswith(("/", "..")) and Path(path).exists()]
    listed = git("--literal-pathspecs", "ls-files", "--others", "--exclude-standard", "-z", "--", *there, env=index)
    new = [path for path in listed.split("\0") if path]
    for start in range(0, len(new), _MANY):
        git("--literal-pathspecs", "add", "--", *new[start : start + _MANY], env=index)
    if LOCK.exists():
        git("add", "--force", "--", str(LOCK), env=index)


def _new_commit(workload: str, tree: str, head: str) -> str:
    """Commit the tree in nobody's name, at the time of the commit below it: the same files give the same commit."""
    moment = f"@{git('show', '--no-patch', '--format=%ct', head) if head else 0} +0000"
    who = {"NAME": "Journeyman", "EMAIL": "journeyman@localhost", "DATE": moment}
    nobody = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
    parent = ["-p", head] if head else []
    return git("commit-tree", tree, *parent, "-m", f"What a version of {workload} is made from", env=nobody)


def _commit(name: str) -> str:
    """Return the commit called so, or nothing."""
    return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", may_fail=True)


def _changed(head: str, commit: str, folder: str) -> tuple[str, ...]:
    if head:
        listed = git("diff-tree", "-r", "-z", "--name-only", "--no-renames", head, commit)
    else:
        listed = git("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    return tuple(path for path in listed.split("\0") if path and path != f"{folder}{LOCK}")


def _remote() -> str:
    remotes = git("remote").split()
    branch = git("symbolic-ref", "--quiet", "--short", "HEAD", may_fail=True)
    own = git("config", "--get", f"branch.{branch}.remote", may_fail=True)
    only = remotes[0] if len(remotes) == 1 else NONE
    return next((name for name in (own, "origin", only) if name in remotes), NONE)
