"""The pointer goes no way back: not by a publisher that slept, nor by one of another registry."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from components.config.errors import PublishedError
from components.inference.champion.position import Position, position_of
from components.inference.champion.published import Pointer, fetch, publish, read_pointer
from components.system.address import Address
from components.system.locks import locked, locked_within
from tests.conftest import ROOT
from tests.unit.inference.champion.test_published import a_bundle, contents

HISTORY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(params=["directory", "memory://"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    MemoryFileSystem.store.clear()
    return {"directory": f"{tmp_path}/champions", "memory://": "memory://c"}[request.param]


def test_only_a_later_entry_moves_the_pointer(address: str, tmp_path: Path) -> None:
    bundles = {version: a_bundle(tmp_path / version, version.encode()) for version in "12"}

    def moved(version: str, number: int) -> tuple[str, int]:
        pointer = publish(bundles[version], "w", version, address, Position(number, HISTORY))
        assert pointer == read_pointer(Address(address), "w")
        assert pointer.position
        return pointer.version, pointer.position.number

    assert [moved(*move) for move in (("1", 1), ("2", 2), ("1", 1), ("1", 3), ("2", 2), ("1", 3))] == [
        ("1", 1),
        ("2", 2),
        ("2", 2),  # too late
        ("1", 3),  # a rollback is an entry of its own
        ("1", 3),  # too late again
        ("1", 3),
    ]


def test_a_pointer_from_before_there_were_positions_is_moved_on(address: str, tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path / "1", b"one")
    assert publish(bundle, "w", "1", address).position is None
    pointer = publish(bundle, "w", "1", address, Position(7, HISTORY))
    assert pointer.position == Position(7, HISTORY)
    assert contents(fetch(Address(address), pointer, tmp_path / "cache" / "1")) == contents(bundle)


def test_endpoints_from_before_there_were_positions_read_the_pointer(tmp_path: Path) -> None:
    """They know the keys of format 1 and no other, and hold each file beside the bundle to its hash."""
    publish(a_bundle(tmp_path / "1", b"one"), "w", "1", str(tmp_path / "c"), Position(7, HISTORY))
    said = json.loads((tmp_path / "c" / "w" / "champion.json").read_text())
    assert set(said) == {"format", "workload", "version", "bundle", "path", "beside"}
    whole = Pointer.model_validate(said)
    for name, hash in whole.beside.items():
        assert Address(str(tmp_path / "c")).sha256(f"{whole.path}/{name}") == hash


def test_two_registries_under_one_prefix_are_told_apart(address: str, tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path / "1", b"one")
    made = publish(bundle, "w", "1", address, Position(7, HISTORY))
    with pytest.raises(
        PublishedError, match=r"champion\.json: follows another registry \(its history is 01234567, this"
    ):
        publish(bundle, "w", "1", address, Position(8, "f" * 32))
    assert read_pointer(Address(address), "w") == made
    assert publish(bundle, "w", "1", address, Position(1, "f" * 32), alone=True).position == Position(1, "f" * 32)


def test_a_position_is_told_by_its_name_alone() -> None:
    made = Position(1_234_567, HISTORY)
    assert position_of(["card.json", made.name]) == made
    assert position_of(["card.json", "entry-12-ab", f"entry-000012-{HISTORY}.json"]) is None


PUBLISHER = """
import os, signal, sys
from pathlib import Path
from components.system.address import Address
from components.inference.champion.position import Position
from components.inference.champion.published import publish

def stopping(name, steps, at):
    whole = getattr(Address, name)
    def step(*arguments):
        steps.append(name)
        if len(steps) == at:
            os.kill(os.getpid(), signal.SIGSTOP)
        return whole(*arguments)
    setattr(Address, name, step)

def run(step, number, bundle, address):
    steps = []
    for name in ("put", "look", "swap", "_written", "write"):
        stopping(name, steps, int(step))
    publish(Path(bundle), "w", "2", address, Position(int(number), sys.argv[1]) if int(number) else None)

for line in sys.stdin:
    if not (child := os.fork()):
        run(*line.rstrip().split("|"))
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Publishes version 2 for each line `step|number|bundle|address`, in a process that stops itself before that step."""


@pytest.mark.parametrize(("number", "goes_back"), [(2, False), (0, True)])
def test_a_publisher_that_is_stopped_across_a_later_promotion_puts_nothing_back(
    number: int, goes_back: bool, tmp_path: Path
) -> None:
    """Without the entry's number, which is the control, it puts the pointer back."""
    found = after_each_stop(tmp_path, number, str(tmp_path / "champions"))
    assert len(found) > 5
    assert ("2" in found) is goes_back


def after_each_stop(folder: Path, number: int, place: str) -> list[str]:
    """Return where the pointer points when a publisher has slept before each of its steps, one after the other.

    Meanwhile version 3 was published by entry 3; it publishes version 2 by entry `number`, 0: by none that is told.
    """
    for version, model in (("1", b"one"), ("2", b"two"), ("3", b"three")):
        a_bundle(folder / version, model)
    found: list[str] = []
    command = [sys.executable, "-c", PUBLISHER, HISTORY]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as publisher:
        assert publisher.stdin
        assert publisher.stdout
        while True:
            address = f"{place} {len(found)}"
            publish(folder / "1", "w", "1", address, Position(1, HISTORY))
            publisher.stdin.write(f"{len(found) + 1}|{number}|{folder / '2'}|{address}\n")
            publisher.stdin.flush()
            if not is_stopped(pid := int(publisher.stdout.readline())):
                break  # it has no such step
            waits = "://" not in address and not free(Path(address))  # it holds the lock: who comes later waits
            if waits:
                os.kill(pid, signal.SIGCONT)
            publish(folder / "3", "w", "3", address, Position(3, HISTORY))
            if not waits:
                os.kill(pid, signal.SIGCONT)
            assert publisher.stdout.readline() == "0\n"
            pointer = read_pointer(Address(address), "w")
            assert pointer
            found.append(pointer.version)
        publisher.stdin.close()
    return found


def lock(address: Path) -> Path:
    return address / "w" / ".champion.json.lock"


def free(address: Path) -> bool:
    try:
        with locked_within(lock(address), 0.0):
            return True
    except TimeoutError:
        return False


def is_stopped(pid: int) -> bool:
    """Wait until the process is stopped; False: it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_STOPPED:
                return True
        except psutil.NoSuchProcess:
            return False
        time.sleep(0.01)
    raise AssertionError("it neither stops nor ends")


def test_a_lock_is_waited_for_as_long_as_is_said(tmp_path: Path) -> None:
    held = pytest.raises(TimeoutError, match=r"lock is held by another process for 0\.05 s")
    with locked(tmp_path / "lock"), held, locked_within(tmp_path / "lock", 0.05):
        pass
    with locked_within(tmp_path / "lock", 0.05):
        pass
