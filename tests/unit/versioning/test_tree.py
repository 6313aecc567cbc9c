from pathlib import Path

from components.registry.lineage.snapshot import snapshot
from components.versioning.lock import directory_hash
from components.versioning.tree import not_held
from tests.unit.conftest import Git

TAUGHT = "42fa4a169dccabeff9f9d8d021a2756e"
"""MD5 of components/learn.py as it was committed."""
HASHES = {"components": directory_hash({"learn.py": TAUGHT}), "components/learn.py": TAUGHT}


def test_a_directorys_hash_is_dvcs_own() -> None:
    # `dvc add` of a folder with a/x = "1" and b = "2" (DVC 3.67.1)
    files = {"b": "c81e728d9d4c2f636f067f89cc14862c", "a/x": "c4ca4238a0b923820dcc509a6f75849b"}
    assert directory_hash(files) == "100e53329a5a8ecdfc59a7839bc8137a.dir"


def test_what_a_commit_holds_as_dvc_knows_it_is_held(git: Git) -> None:
    Path("components/__pycache__").mkdir()
    Path("components/__pycache__/learn.pyc").write_bytes(b"compiled")
    git("add", "--force", "components/__pycache__/learn.pyc")  # tracked, and yet no dependency: see .dvcignore
    commit = snapshot("digits").commit
    assert not_held(commit, HASHES) == []


def test_what_is_changed_ignored_linked_or_a_submodule_is_not_held(git: Git) -> None:
    Path("components/learn.py").write_text("taught = 2\n")
    Path("artifacts").mkdir()
    Path("artifacts/code.py").write_text("ignored\n")
    commit = snapshot("digits", ["artifacts"]).commit
    assert not_held(commit, {**HASHES, "artifacts/code.py": "0" * 32, "nowhere": "0" * 32}) == [
        "components",
        "components/learn.py",
        "artifacts/code.py",
        "nowhere",
    ]
