import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

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
from threading import Event, Thread
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


def test_a_draft_is_left_alone_while_its_writer_holds_it_whatever_its_process_id(tmp_path: Path) -> None:
    """In two containers that share a folder, two writers may have one process id."""
    for writer in (files.whole_file, files.whole_directory):
        target = tmp_path / writer.__name__
        with writer(target) as first:
            first.write_text("first") if writer is files.whole_file else (first / "first").write_text("first")
            with writer(target) as second:
                second.write_text("second") if writer is files.whole_file else (second / "second").write_text("second")
            assert first.exists()
        assert target.read_text() == "first" if writer is files.whole_file else _names(target) == ["first"]
    assert sorted(_names(tmp_path)) == ["whole_directory", "whole_file"]


def test_a_draft_of_an_earlier_version_which_did_not_lock_is_cleared_away_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / ".file.draft-1", tmp_path / ".file.draft-2"
    for draft in (old, new):
        draft.write_text("half")
    os.utime(old, (0, 0))
    files.write_content(tmp_path / "file", "whole")
    assert sorted(_names(tmp_path)) == [new.name, "file"]


def test_json_of_the_same_value_has_the_same_bytes(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a", {"b": 1, "a": [1, 2]})
    files.write_json(tmp_path / "b", {"a": [1, 2], "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_text_is_written_as_it_is_and_anything_else_as_json(tmp_path: Path) -> None:
    for content, written in (("<é>", "<é>"), (["é"], '[\n  "é"\n]\n')):
        files.write_content(tmp_path / "file", content)
        assert (tmp_path / "file").read_text(encoding="utf-8") == written


def test_files_are_found_while_another_process_removes_their_folders(tmp_path: Path) -> None:
    """`Path.glob` alone raises FileNotFoundError for a folder that is gone between the two looks."""
    stays = tmp_path / "day=0" / "a.parquet"
    stays.parent.mkdir()
    stays.touch()
    done = Event()

    def come_and_go() -> None:
        while not done.is_set():
            for day in range(1, 40):
                (tmp_path / f"day={day}").mkdir()
            for day in range(1, 40):
                (tmp_path / f"day={day}").rmdir()

    thread = Thread(target=come_and_go)
    thread.start()
    try:
        assert all(files.found(tmp_path, "day=*/*.parquet") == [stays] for _ in range(300))
    finally:
        done.set()
        thread.join()


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
