"""The stages of a version, run again in its work tree."""

from components.config.errors import RegistryError, StageError
from components.registry.lineage import Lineage
from components.registry.rebuild.data import gone
from components.registry.rebuild.remote import ask_remote
from components.registry.rebuild.worktree import Tree, surroundings
from components.versioning.dvc import dvc, last_error

_NAMED = 12


def fetch_raw(made_of: Lineage, tree: Tree) -> str:
    """Take the raw records from DVC's cache, or else from its remote; return in words which it was.

    Raises:
        RegistryError: neither has them; the message says what is gone.
    """
    stage = f"ingest@{made_of.workload}"
    lacking = gone(made_of, tree.cache)
    if lacking:
        ask_remote(tree.project)
    command = "pull" if lacking else "checkout"
    status, output = dvc(command, stage, folder=tree.project, environment=surroundings(tree, made_of))
    if lacking and gone(made_of, tree.cache):
        raise RegistryError(
            f"the raw records of {made_of.workload} are gone: {few(lacking)} is neither in {tree.cache} "
            f"nor on a remote of DVC ({last_error(output)})"
        )
    if status != 0:
        raise StageError(f"{stage}: {last_error(output)}")
    return "DVC's remote" if lacking else "DVC's cache"


def reproduce(made_of: Lineage, tree: Tree) -> None:
    """Run every stage behind the raw records; nothing of it goes into DVC's cache.

    Raises:
        StageError: one failed; its own output says why.
    """
    command = ("repro", "--force", "--no-commit", "--downstream", f"prepare@{made_of.workload}")
    status, output = dvc(*command, folder=tree.project, environment=surroundings(tree, made_of))
    if status != 0:
        raise StageError(f"{made_of.workload} cannot be made again: {last_error(output)}")


def few(words: tuple[str, ...] | list[str]) -> str:
    """Return the first of them in one line, and how many there are besides."""
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more
