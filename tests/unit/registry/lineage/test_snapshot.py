import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.config.errors import RegistryError
from components.registry.lineage.snapshot import push, snapshot
from tests.conftest import ROOT
from tests.unit.conftest import IDENTITY, Git


def test_where_nothing_has_changed_it_is_the_users_commit(git: Git) -> None:
    made = snapshot("digits")
    assert made.commit == made.head == git("rev-parse", "HEAD")
    assert made.changed == ()
    assert git("rev-parse", made.ref) == made.commit


def test_it_holds_the_files_as_they_are_and_leaves_the_users_alone(git: Git) -> None:
    Path("components/learn.py").write_text("taught = 2\n")
    Path("components/new.py").write_text("untracked\n")
    Path("note.txt").unlink()
    Path("staged.txt").write_text("staged\n")
    git("add", "staged.txt")
    Path("secret.env").write_text("key\n")
    Path("artifacts").mkdir()
    Path("artifacts/out").write_text("ignored\n")
    Path("dvc.lock").write_text("stages: {}\n")
    before = _users(git)

    made = snapshot("digits", ["artifacts/out", "/elsewhere", "../beside", "not-there"])

    assert _users(git) == before
    assert git("show", f"{made.commit}:components/learn.py") == "taught = 2"
    listed = git("ls-tree", "-r", "--name-only", made.commit).split()
    assert listed == [".dvcignore", ".gitignore", "components/learn.py", "components/new.py", "dvc.lock", "staged.txt"]
    assert made.changed == ("components/learn.py", "components/new.py", "note.txt", "staged.txt")
    assert git("rev-parse", f"{made.commit}^") == made.head == git("rev-parse", "HEAD")


def test_what_is_needed_goes_in_though_it_is_not_tracked(git: Git) -> None:
    Path("data").mkdir()
    for name in ("plain.yaml", "*.yaml", "grüße.yaml"):  # git would take the second for a pattern
        Path("data", name).write_text("title: ours\n")
    made = snapshot("digits", ["data/*.yaml", "data/grüße.yaml"])
    assert sorted(made.changed) == ["data/*.yaml", "data/grüße.yaml"]


def test_the_same_files_give_the_same_commit(git: Git) -> None:
    Path("components/learn.py").write_text("taught = 2\n")
    first = snapshot("digits")
    assert snapshot("digits") == first
    Path("components/learn.py").write_text("taught = 3\n")
    assert snapshot("digits").commit != first.commit
    refs = git("for-each-ref", "--format=%(refname)", "refs/journeyman/digits").split()
    assert len(refs) == 2


def test_dvcs_record_alone_makes_no_tree_dirty(git: Git) -> None:
    Path(".gitignore").write_text("dvc.lock\n")
    git("commit", "-qam", "ignore it")
    Path("dvc.lock").write_text("stages: {}\n")
    made = snapshot("digits")
    assert made.commit != made.head
    assert made.changed == ()
    assert git("show", f"{made.commit}:dvc.lock") == "stages: {}"


def test_a_repository_without_a_commit_has_one_of_its_own(git: Git) -> None:
    git("checkout", "-q", "--orphan", "empty")
    git("rm", "-rq", "--cached", ".")
    made = snapshot("digits")
    assert made.head == "none"
    assert set(made.changed) == {".dvcignore", ".gitignore", "components/learn.py"}
    assert git("rev-list", "--count", made.commit) == "1"
    assert git("symbolic-ref", "HEAD") == "refs/heads/empty"


def test_a_detached_head_and_a_half_done_merge_are_committed_as_they_lie(git: Git) -> None:
    git("checkout", "-q", "--detach")
    Path("note.txt").write_text("one\n")
    git("commit", "-qam", "one")
    git("checkout", "-q", "-b", "other", "main")
    Path("note.txt").write_text("two\n")
    git("commit", "-qam", "two")
    subprocess.run(["git", "merge", "-q", "HEAD@{2}"], env={**os.environ, **IDENTITY}, capture_output=True)
    assert "note.txt" in git("diff", "--name-only", "--diff-filter=U")
    made = snapshot("digits")
    assert "<<<<<<<" in git("show", f"{made.commit}:note.txt")
    assert "note.txt" in git("diff", "--name-only", "--diff-filter=U")  # still the user's to mend


def test_a_project_in_a_folder_of_its_repository_says_where_it_is(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sub/components").mkdir(parents=True)
    Path("sub/components/own.py").write_text("own\n")
    Path("note.txt").write_text("beside\n")
    monkeypatch.chdir("sub")
    made = snapshot("digits")
    assert made.folder == "sub/"
    assert set(made.changed) == {"note.txt", "sub/components/own.py"}


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(RegistryError, match="this folder is in no git work tree"):
        snapshot("digits")


def test_it_outlives_a_rebase_and_a_collection_of_garbage(git: Git) -> None:
    Path("components/learn.py").write_text("taught = 2\n")
    git("commit", "-qam", "second")
    Path("components/learn.py").write_text("taught = 3\n")
    made = snapshot("digits")
    git("checkout", "-q", "--orphan", "fresh")
    git("commit", "-qam", "history made anew")
    git("branch", "-D", "-q", "main")
    git("reflog", "expire", "--expire=now", "--all")
    git("gc", "-q", "--prune=now")
    assert git("show", f"{made.commit}:components/learn.py") == "taught = 3"


def test_the_ref_goes_along_where_there_is_a_remote(git: Git, tmp_path: Path) -> None:
    assert push(snapshot("digits").ref) == "none"
    bare = tmp_path / "bare"
    git("init", "-q", "--bare", str(bare))
    git("remote", "add", "elsewhere", str(bare))
    Path("note.txt").write_text("changed\n")
    made = snapshot("digits")
    git("config", "journeyman.push", "false")
    assert push(made.ref) == "none"
    git("config", "--unset", "journeyman.push")
    assert push(made.ref) == "elsewhere"
    assert git("--git-dir", str(bare), "rev-parse", made.ref) == made.commit
    assert git("--git-dir", str(bare), "for-each-ref", "refs/heads") == ""


def test_a_push_that_fails_is_a_warning_with_the_command(git: Git, caplog: pytest.LogCaptureFixture) -> None:
    git("remote", "add", "origin", "/nowhere/at/all")
    made = snapshot("digits")
    assert push(made.ref) == "none"
    assert f"later: git push origin {made.ref}" in caplog.text


@pytest.mark.slow
def test_eight_at_once_make_one_commit(git: Git) -> None:
    Path("note.txt").write_text("changed\n")
    script = "from components.registry.lineage.snapshot import snapshot; print(snapshot('digits').commit)"
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script]
    racers = [subprocess.Popen(command, env=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(8)]
    said = {racer.communicate(timeout=120)[0].decode().strip() for racer in racers}
    assert said == {snapshot("digits").commit}


def _users(git: Git) -> list[object]:
    """Everything that is the user's: branch, index to the byte, files, stash."""
    files = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file() and ".git/" not in f"{path}/"}
    status = git("--no-optional-locks", "status", "--porcelain", "--ignored")
    return [
        git("rev-parse", "HEAD", "--symbolic-full-name"),
        status,
        Path(".git/index").read_bytes(),
        sorted(files.items()),
    ]
