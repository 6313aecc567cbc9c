"""A version whose kind or task is of an installed package, made again: the package has to be there."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from components.config.errors import RegistryError
from components.registry.lineage import Lineage
from components.registry.rebuild.find import _check_installed
from components.registry.rebuild.worktree import Tree, surroundings


def test_folders_of_packages_are_known_to_the_stages_and_the_projects_own_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, site = tmp_path / "project", tmp_path / "site"
    project.mkdir()
    monkeypatch.chdir(project)
    folders = [str(site), str(project), "", "components", "../other"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))
    made_of = cast("Lineage", SimpleNamespace(used={}))
    tree = Tree(project / "state" / "rebuild" / "tree", tmp_path / "cache")
    assert surroundings(tree, made_of)["PYTHONPATH"].split(os.pathsep) == [str(site), str(tmp_path / "other")]
    monkeypatch.setenv("PYTHONPATH", ".")
    assert "PYTHONPATH" not in surroundings(tree, made_of)


def test_a_package_that_is_not_there_is_named_before_anything_is_fetched() -> None:
    _check_installed(f"pytest=={pytest.__version__}", "pulses version 1")
    with pytest.raises(RegistryError, match=r"^pulses version 1 was made with pytest==0.1, but .* is installed"):
        _check_installed("pytest==0.1", "pulses version 1")
    with pytest.raises(RegistryError, match=r"made with journeyman-absent==1.0, which is not installed: install that"):
        _check_installed("journeyman-absent==1.0", "pulses version 1")
