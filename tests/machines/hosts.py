"""Hosts for tests: network namespaces, each with a name, an address and processes of its own, and this machine's files.

What a namespace cannot show: another kernel, another clock, another disk.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

NEEDED = ("ip", "unshare", "nsenter", "mount")
APART = ("unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
ABSENT = "needs network namespaces as hosts: root, iproute2 and util-linux"


@dataclass
class Host:
    """A host, whose processes end with it."""

    name: str
    address: str
    _init: "subprocess.Popen[bytes]"
    _pid: int
    _wire: str
    _started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def started(
        self, *command: str, environment: Mapping[str, str], said: Path, folder: Path = Path("/")
    ) -> "subprocess.Popen[bytes]":
        """Start a command on it; what it says is written to the end of a file."""
        inside = ["nsenter", f"--target={self._pid}", "--net", "--uts", "--mount", "--pid", "--"]
        there = [
            "env",
            f"--chdir={folder}",
        ]  # from within: else it is a folder of another mount
        with said.open("ab") as file:
            made = subprocess.Popen([*inside, *there, *command], env=dict(environment), stdout=file, stderr=file)
        self._started.append(made)
        return made

    def lost(self) -> None:
        """Take away its network, and then its power: nobody hears from it that it ends."""
        _run("ip", "link", "set", self._wire, "down")
        os.kill(self._pid, signal.SIGKILL)  # the kernel ends all of a namespace with its first process
        for process in (self._init, *self._started):
            process.wait(60)
        with suppress(subprocess.CalledProcessError):  # it may have gone with the namespace
            _run("ip", "link", "delete", self._wire)


@dataclass
class Hosts:
    """A network of hosts."""

    bridge: str
    net: str
    folder: Path
    running: list[Host] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=count)

    @property
    def here(self) -> str:
        """The address of this machine for them."""
        return f"{self.net}.1"

    def host(self, name: str) -> Host:
        """Start a host, or one again that was lost, at the address that it had."""
        known = self.folder / "hosts"
        address = dict(line.split()[::-1] for line in known.read_text().splitlines())[name]
        init = subprocess.Popen(
            [*APART, "sh", "-c", f"hostname {name}; mount --bind {known} /etc/hosts; sleep infinity & wait"],
            stderr=subprocess.DEVNULL,  # it complains of a signal when its process is killed
        )
        pid = _first(init)
        wire = f"{self.bridge}w{next(self._count)}"
        _run("ip", "link", "add", wire, "type", "veth", "peer", "name", f"{wire}p")
        _run("ip", "link", "set", wire, "master", self.bridge, "up")
        _run("ip", "link", "set", f"{wire}p", "netns", str(pid))
        made = Host(name, address, init, pid, wire)
        self.running.append(made)
        inside = ["nsenter", f"--target={pid}", "--net", "--"]
        for command in (
            ["link", "set", "lo", "up"],
            ["link", "set", f"{wire}p", "name", "eth0"],
            ["address", "add", f"{address}/24", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
        ):
            _run(*inside, "ip", *command)
        return made


@contextmanager
def network(folder: Path, *names: str) -> Iterator[Hosts]:
    """Make a network for hosts of these names, which find each other by them; skip the test where there can be none."""
    if os.getuid() != 0 or not all(map(shutil.which, NEEDED)):
        pytest.skip(ABSENT)
    bridge, net = f"jm{os.getpid() % 100_000}", f"198.18.{os.getpid() % 256}"  # for tests of networks, by RFC 2544
    made = Hosts(bridge, net, folder)
    lines = ["127.0.0.1 localhost", *(f"{net}.{place} {name}" for place, name in enumerate(names, 2))]
    (folder / "hosts").write_text("".join(f"{line}\n" for line in lines))
    try:
        _run("ip", "link", "add", bridge, "type", "bridge")
        _run("ip", "address", "add", f"{made.here}/24", "dev", bridge)
        _run("ip", "link", "set", bridge, "up")
        _run(*APART, "true")
    except subprocess.CalledProcessError as error:
        with suppress(subprocess.CalledProcessError):
            _run("ip", "link", "delete", bridge)
        pytest.skip(f"{ABSENT} ({error.stderr.strip()})")
    try:
        yield made
    finally:
        for each in made.running:
            if each._init.poll() is None:
                each.lost()
        _run("ip", "link", "delete", bridge)


def _first(init: "subprocess.Popen[bytes]") -> int:
    """Return the first process of the namespaces that `unshare` makes, as this machine counts it, when it runs."""
    children = Path(f"/proc/{init.pid}/task/{init.pid}/children")
    deadline = time.monotonic() + 60
    while True:
        with suppress(OSError):
            for pid in children.read_text().split():
                if Path(f"/proc/{pid}/comm").read_text() == "sh\n":
                    return int(pid)
        assert init.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
