import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from components.inference.gateway import cells
from components.inference.gateway.cells import Cells
from components.inference.gateway.exposition import LEFT_OUT, cell
from tests.conftest import ROOT, end

WORKER = """
import sys
from components.inference.gateway.cells import Cells
cells = Cells.shared()
for name in sys.argv[1:]:
    cells.values[cells.index(name)] += 1
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"journeyman-{os.getuid()}"


@contextmanager
def worker(*names: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker of the server that the tests' process is, once it has counted `names`."""
    environment = {**os.environ, "TMPDIR": str(folder.parent), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WORKER, *names]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"counted\n"
        yield process
    finally:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.stdout.close()
        end(process)


def total(folder: Path) -> dict[str, float]:
    (server,) = folder.iterdir()
    reader = Cells.private()
    reader._folder = server
    return {name: value for name, value in reader.total().items() if value}


def test_workers_are_added_up(folder: Path) -> None:
    with worker("a", "b", folder=folder), worker("c", "b", folder=folder):
        assert total(folder) == {"a": 1, "b": 2, "c": 1}
        (server,) = folder.iterdir()
        assert len(list(server.iterdir())) == 2


def test_who_comes_for_a_killed_worker_counts_on(folder: Path) -> None:
    with worker("a", folder=folder):
        for _ in range(3):
            with worker("a", "b", folder=folder) as killed:
                killed.send_signal(signal.SIGKILL)
                killed.wait()
        assert total(folder) == {"a": 4, "b": 3}
        (server,) = folder.iterdir()
        assert len(list(server.iterdir())) == 2


def test_what_ended_servers_left_is_removed(folder: Path) -> None:
    with worker("a", folder=folder):
        (server,) = folder.iterdir()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for left in (f"{gone.pid}-12345", f"{os.getpid()}-1"):  # a process that ended; one whose number came again
        (folder / left).mkdir()
        (folder / left / "0").write_bytes(b"")
    with worker("a", folder=folder):
        assert list(folder.iterdir()) == [server]


def test_workers_that_start_at_once_all_share_their_numbers_whatever_ended_servers_left(folder: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for start in range(300):
        left = folder / f"{gone.pid}-{start}"
        left.mkdir(parents=True)
        for slot in range(4):
            (left / f"{slot:03d}").touch()
    with ThreadPoolExecutor(8) as workers:
        folders = list(workers.map(lambda _: Cells.shared()._folder, range(8)))
    assert len(set(folders)) == 1
    assert folders[0], "a worker that meets what another one removes shares nothing"


def test_a_server_that_is_not_seen_from_here_keeps_its_files(folder: Path) -> None:
    with worker("a", folder=folder):
        (mine,) = folder.iterdir()
        elsewhere = mine.rename(folder / "4194303-1")  # as from a container, where processes have other numbers
        with worker("a", folder=folder):
            assert elsewhere.exists()
            assert mine.exists()


def test_without_room_on_the_disk_a_worker_counts_for_itself(folder: Path) -> None:
    script = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
from components.inference.gateway.cells import Cells
cells = Cells.shared()
cells.values[cells.index("a")] += 1
print(cells.total()["a"])
"""
    environment = {**os.environ, "TMPDIR": str(folder.parent), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1.0\n"
    assert "metrics are this worker's alone" in done.stderr


def test_a_link_in_place_of_the_folder_is_not_followed(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    cells = Cells.shared()
    cells.values[cells.index("a")] = 1
    assert cells.total()["a"] == 1
    assert not list((tmp_path / "elsewhere").iterdir())
    assert "someone else's" in caplog.text


def test_what_finds_no_room_is_counted_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "SERIES", 3)
    few = Cells.private()
    for name in ("a", "b", "c", "d", "a"):
        few.values[few.index(name)] += 1
    assert few.total() == {cell(LEFT_OUT): 2, "a": 2, "b": 1}
