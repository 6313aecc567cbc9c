"""Servers that several machines share, on loopback for as long as a block runs: an object store and a PostgreSQL."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from benchmarks.server import free_port

_NOBODY = 65534  # PostgreSQL refuses to run as root
_PATIENCE = 600.0  # seconds; Prefect makes its tables first, which takes minutes on a busy machine
OBJECT_STORE = "moto and s3fs: pip install -c constraints.txt --group machines"
"""What `object_store` needs."""
DATABASE = "PostgreSQL and pg8000: apt install postgresql; pip install -c constraints.txt --group cluster"
"""What `postgres` needs."""


def has_object_store() -> bool:
    """Return whether the packages of `object_store` are installed."""
    return all(find_spec(module) for module in ("moto", "s3fs"))


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """Run moto's server, which speaks S3's protocol; yield the variables by which it is reached."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: httpx.get(f"http://127.0.0.1:{port}/moto-api/").is_success, process)
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        yield {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", **keys}
    finally:
        end(process)


def has_postgres() -> bool:
    """Return whether PostgreSQL and its driver are installed."""
    return _initdb() is not None and find_spec("pg8000") is not None


@contextmanager
def postgres() -> Iterator[int]:
    """Run a PostgreSQL; yield its port."""
    programs = Path(str(_initdb())).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        user: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        if user:
            os.chown(folder, _NOBODY, _NOBODY)
        data, port = Path(folder) / "data", free_port()
        make = [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]
        subprocess.run(make, cwd=folder, check=True, capture_output=True, **user)
        options = ["-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen([programs / "postgres", "-D", data, *options], cwd=folder, **quiet, **user)
        ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
        try:
            wait(lambda: subprocess.run(ready, capture_output=True).returncode == 0, server)
            yield port
        finally:
            end(server)


def database(port: int, name: str) -> str:
    """Return the address of a database of `postgres`."""
    return f"postgresql+pg8000://postgres:secret@127.0.0.1:{port}/{name}"


def wait(there: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    """Wait until a process that was started does what it is for; end this one where it does not within ten minutes."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"{process.args!r} ended with status {process.returncode}")
        try:
            if there():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    sys.exit(f"{process.args!r} did not answer within {_PATIENCE:g} s")


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process, by force if it takes longer than half a minute."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _initdb() -> str | None:
    debian = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))
    return shutil.which("initdb") or (debian[0] if debian else None)
