import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]
IDENTITY = {f"GIT_{role}_{what}": "test" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Compute on one thread where torch is there: tests use every core, and more threads wait for each other."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository of one commit, and the test stands in it; called, it runs git there."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name in [name for name in os.environ if name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, env={**os.environ, **IDENTITY})
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    run("init", "-q", "-b", "main", ".")
    (folder / "components").mkdir()
    Path("components/learn.py").write_text("taught = 1\n")
    Path("note.txt").write_text("tracked\n")
    Path(".gitignore").write_text("artifacts/\n__pycache__/\n")
    Path(".dvcignore").write_text("__pycache__/\n")
    run("add", "-A")
    run("commit", "-q", "-m", "first")
    return run
