import signal
import subprocess
import sys
from pathlib import Path

import pytest

from components.system import files


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(RuntimeError), files.whole_file(target) as draft:
        draft.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    with files.whole_file(target) as draft:
        draft.write_text("new")
    assert target.read_text() == "new"
    assert _names(tmp_path) == ["file"]


def test_a_directory_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    for name in ("first", "second"):
        with files.whole_directory(target) as draft:
            (draft / name).write_text(name)
    assert _names(target) == ["second"]
    with pytest.raises(RuntimeError), files.whole_directory(target) as draft:
        raise RuntimeError
    assert _names(target) == ["second"]


def test_what_a_killed_writer_leaves_is_never_believed_and_cleared_away(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from components.system.files import whole_directory
with whole_directory(Path({str(tmp_path / "folder")!r})) as draft:
    (draft / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", script])
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "folder").exists()
    with files.whole_directory(tmp_path / "folder") as draft:
        (draft / "whole").write_text("whole")
    assert _names(tmp_path) == ["folder"]


def test_json_of_the_same_value_has_the_same_bytes(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a", {"b": 1, "a": [1, 2]})
    files.write_json(tmp_path / "b", {"a": [1, 2], "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_lock_is_let_go_by_a_killed_holder(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from components.system.files import locked
with locked(Path({str(tmp_path / "lock")!r})):
    print("held", flush=True)
    signal.pause()
"""
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with files.locked(tmp_path / "lock"):
        pass


def test_a_text_is_written_as_it_is_and_anything_else_as_json(tmp_path: Path) -> None:
    for content, written in (("<é>", "<é>"), (["é"], '[\n  "é"\n]\n')):
        files.write_content(tmp_path / "file", content)
        assert (tmp_path / "file").read_text(encoding="utf-8") == written


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
