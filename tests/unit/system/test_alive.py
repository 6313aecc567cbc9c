"""Whether a process lives is told by what it holds, whatever it and its host are called."""

import multiprocessing
import shutil
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from components.system import alive as alive_module
from components.system.alive import ALIVE, alive, forget, look_for

CONTEXT = multiprocessing.get_context("fork")


def held(pipe: Connection) -> None:
    with alive() as token:
        pipe.send(token)
        pipe.recv()


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[multiprocessing.context.ForkProcess, Connection]:
    monkeypatch.chdir(tmp_path)
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=held, args=(theirs,), daemon=True)
    process.start()
    return process, ours


def test_a_process_is_alive_until_it_is_killed(
    process: tuple[multiprocessing.context.ForkProcess, Connection],
) -> None:
    other, pipe = process
    token = pipe.recv()
    assert look_for(token) == look_for(token) == "alive"
    other.kill()
    other.join()
    assert look_for(token) == look_for(token) == "gone"
    forget(token)
    assert look_for(token) == "elsewhere"


def test_one_that_ends_leaves_nothing(process: tuple[multiprocessing.context.ForkProcess, Connection]) -> None:
    other, pipe = process
    token = pipe.recv()
    pipe.send("end")
    other.join()
    assert look_for(token) == "elsewhere"
    assert list(ALIVE.iterdir()) == []


def test_of_another_machine_s_process_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shares the folder, perhaps not its locks: of a container here, and after a restart, they count."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(alive_module.socket, "gethostname", lambda: "one")
    with alive() as token:
        path = tmp_path / ALIVE / token
        content, inode = path.read_text(), path.stat().st_ino
    path.write_text(content)  # as a killed process leaves it; a new file may have another number
    identity, boot, host = content.replace(str(inode), str(path.stat().st_ino), 1).split()

    def left(*machine: str) -> str:
        path.write_text(" ".join([identity, *machine]))
        return look_for(token)

    assert left(boot, host) == "gone"
    assert left(boot, "a-container") == "gone"
    assert left("an-earlier-start", host) == "gone"
    assert left() == "gone"  # of a version that did not say its machine
    assert left("another-start", "another-host") == "elsewhere"


def test_in_another_folder_or_a_copy_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with alive() as token, alive() as second:
        assert token != second
        assert look_for(token) == "alive"
        shutil.copytree("state", tmp_path / "copy" / "state")
        monkeypatch.chdir(tmp_path / "copy")
        assert look_for(token) == "elsewhere"
        monkeypatch.chdir(tmp_path)
        Path("state").rename("moved")
        (tmp_path / "new").mkdir()
        Path("moved").rename("new/state")
        monkeypatch.chdir(tmp_path / "new")
        assert look_for(token) == "alive"
