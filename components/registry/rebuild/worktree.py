"""A temporary work tree of a version's private commit, with a configuration of DVC that shares cache and remotes.

What its stages write stays in it: outputs, checkpoints, MLflow's store, DVC's own records.
"""

import json
import logging
import os
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.config.errors import RegistryError
from components.config.settings import STATE, USED
from components.registry.lineage import Lineage
from components.system.files import scratch_directory
from components.versioning.cache import cache_folder
from components.versioning.git import git

logger = logging.getLogger(__name__)

_DVC = Path(".dvc")
_PYTHONPATH = "PYTHONPATH"
_OWN = ("MLFLOW_", "JOURNEYMAN_", _PYTHONPATH)
"""Variables that point to what is the user's."""


@dataclass(frozen=True)
class Tree:
    """A temporary work tree."""

    project: Path
    """The project's folder in it."""
    cache: Path
    """The folder of DVC's cache, which is this repository's."""


@contextmanager
def worktree(made_of: Lineage) -> Iterator[Tree]:
    """Yield a work tree of the private commit, which is gone when the block ends.

    What a killed rebuild left is cleared away first.

    Raises:
        RegistryError: neither this repository nor one of its remotes has the commit.
    """
    _have(made_of)
    with scratch_directory((STATE / "rebuild").resolve()) as folder:
        git("worktree", "prune")  # of those whose folder is gone
        try:
            # the user's hooks are for the user's work trees
            git("-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", str(folder), made_of.code.commit)
            tree = Tree(folder / made_of.code.folder, cache_folder())
            _configure(tree)
            yield tree
        finally:
            git("worktree", "remove", "--force", str(folder), may_fail=True)
    git("worktree", "prune")


def surroundings(tree: Tree, made_of: Lineage) -> dict[str, str]:
    """Return the environment in which the stages run: what `auto` came to, and a store for their MLflow run.

    That store is of files: it is there at once, where a database would take seconds, and is thrown away.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    return {
        **kept,
        **_installed_elsewhere(),
        USED: json.dumps(made_of.used),
        "DVC_SITE_CACHE_DIR": str(tree.project / _DVC / "tmp" / "site"),
        "MLFLOW_TRACKING_URI": (tree.project / STATE / "mlruns").as_uri(),
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _installed_elsewhere() -> dict[str, str]:
    """Return the folders of `PYTHONPATH` that are not the project's: kinds and tasks may be installed there."""
    folders = [Path(folder).resolve() for folder in os.environ.get(_PYTHONPATH, "").split(os.pathsep) if folder]
    others = [str(folder) for folder in folders if not folder.is_relative_to(Path.cwd())]
    return {_PYTHONPATH: os.pathsep.join(others)} if others else {}


def recorded_environment(made_of: Lineage, number: str) -> str:
    """Return the command that makes the recorded environment again, and the version in it."""
    tree = f"../{made_of.workload}-{number}"
    project = f"{tree}/{made_of.code.folder}".rstrip("/")
    made = f"git worktree add --detach {tree} {made_of.code.commit[:12]} && make -C {project} setup"
    return f"{made} && {project}/.venv/bin/python -m flows.rebuild {made_of.workload} {number}"


def _have(made_of: Lineage) -> None:
    """See to it that the commit is here: from the remote it was pushed to, or from any other."""
    commit, ref = made_of.code.commit, made_of.code.ref
    if _is_here(commit):
        return
    remotes = git("remote").split()
    for remote in sorted(remotes, key=lambda name: name != made_of.code.remote):
        git("fetch", "--quiet", "--no-tags", remote, f"+{ref}:{ref}", env={"GIT_TERMINAL_PROMPT": "0"}, may_fail=True)
        if _is_here(commit):
            logger.info("the private commit is from %s", remote)
            return
    asked = f"nor has {', '.join(remotes)}" if remotes else "and it has no remote to ask"
    raise RegistryError(
        f"the private commit {commit[:12]} of {made_of.workload} is gone: this repository has it not, {asked}. "
        f"Where the version was made: git push REMOTE {ref}"
    )


def _is_here(commit: str) -> bool:
    return bool(git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", may_fail=True))


def _configure(tree: Tree) -> None:
    """Write DVC's local configuration: this repository's remotes, local ones too, and its cache."""
    config = RawConfigParser(interpolation=None, strict=False)
    config.optionxform = str  # type: ignore[assignment, method-assign]  # keys as they are written
    config.read([_DVC / "config", _DVC / "config.local"])
    for section in config.sections():
        for key, value in config.items(section):
            config.set(section, key, _from_anywhere(key, value))
    if not config.has_section("cache"):
        config.add_section("cache")
    config.set("cache", "dir", str(tree.cache))
    path = tree.project / _DVC / "config.local"
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o600)  # it may hold keys
    with path.open("w") as file:
        config.write(file)


def _from_anywhere(key: str, value: str) -> str:
    """Return a path that leads from `.dvc` to something as one that leads there from everywhere; all else as it is."""
    path = _DVC / value
    return str(path.resolve()) if (key == "url" or value.startswith(".")) and path.exists() else value
