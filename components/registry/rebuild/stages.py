"""The stages of a version, run again in its work tree."""

import shutil
from pathlib import Path

from components.config.backbone import BACKBONES, read_pretrained
from components.config.errors import RegistryError, StageError
from components.config.settings import STATE
from components.registry.lineage import Lineage
from components.registry.rebuild.worktree import Tree, surroundings
from components.versioning.cache import missing_files
from components.versioning.dvc import dvc, last_error
from components.versioning.remote import ask_remote
from components.versioning.stages import BACKBONE, reproduce_again

_NAMED = 12


def fetch_raw(made_of: Lineage, tree: Tree) -> str:
    """Take the raw records from DVC's cache, or else from its remote; return in words which it was.

    Raises:
        RegistryError: neither has them; the message says what is gone.
    """
    stage = f"ingest@{made_of.workload}"
    lacking = _missing(made_of, tree)
    if lacking:
        ask_remote(tree.project)
    command = "pull" if lacking else "checkout"
    status, output = dvc(command, stage, folder=tree.project, environment=surroundings(tree, made_of))
    if lacking and _missing(made_of, tree):
        raise RegistryError(
            f"the raw records of {made_of.workload} are gone: {few(lacking)} is neither in {tree.cache} "
            f"nor on a remote of DVC ({last_error(output)})"
        )
    if status != 0:
        raise StageError(f"{stage}: {last_error(output)}")
    return "DVC's remote" if lacking else "DVC's cache"


def fetch_backbone(made_of: Lineage, tree: Tree) -> None:
    """Take the pretrained network, if the version began with one, from DVC's cache or remote, else from its source.

    Raises:
        StageError: none of them has it.
    """
    if BACKBONE not in made_of.stages:
        return
    stage = f"{BACKBONE}@{made_of.workload}"
    lacking = _missing(made_of, tree, BACKBONE)
    environment = surroundings(tree, made_of)
    status, output = dvc("pull" if lacking else "checkout", stage, folder=tree.project, environment=environment)
    if status != 0:
        status, output = dvc("repro", "--no-commit", stage, folder=tree.project, environment=environment)
    if status != 0:
        raise StageError(f"{stage}: {last_error(output)}")
    if (name := made_of.parameters["train"].get("backbone")) and made_of.backbone:
        ((path, _),) = made_of.stages[BACKBONE].outs.items()
        keep(name, made_of.backbone.sha256, tree.project / path / "model.safetensors", tree.project)


def keep(name: str, sha256: str, held: Path, project: Path) -> None:
    """Put the network where the stage `backbone`, which comes behind `prepare`, looks before it asks a source.

    Args:
        name: of the network.
        sha256: of its tensors, which its description may not say.
        held: the file with them, if it is there.
        project: of the rebuild.
    """
    if held.exists():
        folder = project / STATE / "downloads" / "backbones"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(held, folder / f"{name}.safetensors")
        if (described := read_pretrained(name, project / BACKBONES)).sha256 is None:
            (folder / described.pin(name)).write_text(sha256)


def reproduce(made_of: Lineage, tree: Tree) -> None:
    """Run every stage behind the raw records; nothing of it goes into DVC's cache.

    Raises:
        StageError: a stage failed; its own output says why.
    """
    fetch_backbone(made_of, tree)
    reproduce_again(made_of.workload, tree.project, surroundings(tree, made_of))


def _missing(made_of: Lineage, tree: Tree, stage: str = "ingest") -> list[str]:
    """Return the files of what the stage made, of the raw records, that DVC's cache lacks."""
    ((path, md5),) = made_of.stages[stage].outs.items()
    return missing_files(path, md5, tree.cache)


def few(words: tuple[str, ...] | list[str]) -> str:
    """Return the first of them in one line, and how many there are besides."""
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more
