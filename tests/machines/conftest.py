"""The servers that several machines share, real ones, once a session: a PostgreSQL, one of S3's protocol, a SLURM."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import fsspec
import httpx
import pytest
import sqlalchemy as sa
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from tests.conftest import end
from tests.integration.conftest import forked, three, three_once  # noqa: F401 - fixtures
from tests.servers import free_port, wait_for

_NOBODY = 65534  # PostgreSQL refuses to run as root


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL."""

    port: int

    def database(self) -> str:
        """Make an empty database, and return its address."""
        return self._made("")

    def _made(self, by: str) -> str:
        name = f"d{uuid4().hex[:12]}"
        engine = sa.create_engine(self._address("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}{by}"))
        return self._address(name)

    def filled_from(self, sqlite: Path) -> str:
        """Make a database with the rows of a file of SQLite that has MLflow's tables, and return its address."""
        address = self.database()
        SqlAlchemyStore(address, "file:///nowhere").engine.dispose()  # makes the tables
        source, target = sa.create_engine(f"sqlite:///{sqlite}"), sa.create_engine(address, poolclass=sa.NullPool)
        tables = sa.MetaData()
        tables.reflect(target)
        with source.connect() as rows, target.begin() as connection:
            for table in reversed(tables.sorted_tables):
                connection.execute(table.delete())
            for table in tables.sorted_tables:
                if found := [dict(row) for row in rows.execute(sa.select(table)).mappings()]:
                    connection.execute(table.insert(), found)
            for table in tables.sorted_tables:
                for column in table.primary_key:
                    _count_on(connection, table.name, column.name)
        return address

    def copy_of(self, address: str) -> str:
        """Make a copy of a database that nobody is connected to, and return its address."""
        return self._made(f" TEMPLATE {sa.make_url(address).database}")

    def _address(self, database: str) -> str:
        return f"postgresql+pg8000://postgres:secret@127.0.0.1:{self.port}/{database}"


def _count_on(connection: sa.Connection, table: str, column: str) -> None:
    """Have the numbers that the database gives to new rows begin behind those that are there."""
    quoted = f"""SELECT pg_get_serial_sequence('"{table}"', '{column}')"""
    if sequence := connection.execute(sa.text(quoted)).scalar():
        last = connection.execute(sa.text(f'SELECT max("{column}") FROM "{table}"')).scalar()
        connection.execute(
            sa.text("SELECT setval(:sequence, :next, false)"), {"sequence": sequence, "next": (last or 0) + 1}
        )


@dataclass
class Store:
    """A running server of S3's protocol, which can be stopped and started again with what it has."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def bucket(self) -> str:
        """Make an empty bucket, and return its name."""
        name = f"b{uuid4().hex[:12]}"
        fsspec.filesystem("s3", endpoint_url=self.url, key="test", secret="test").mkdir(name)
        return name


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    found = shutil.which("initdb") or next(
        iter(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))), None
    )
    if found is None:
        pytest.skip("needs PostgreSQL's initdb: apt install postgresql")
    programs = Path(found).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="postgres"))
    user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    if user:
        os.chown(folder, _NOBODY, _NOBODY)
    data, port = folder / "data", free_port()
    make = [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]
    subprocess.run(make, cwd=folder, check=True, capture_output=True, **user)  # type: ignore[call-overload]
    options = ["-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        command = [programs / "postgres", "-D", data, *options]
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **user)  # type: ignore[call-overload]
    made = Postgres(port)
    try:
        wait_for(lambda: server.poll() is not None or _answers(made), told=(folder / "log").read_text)
        assert server.poll() is None, (folder / "log").read_text()
        yield made
    finally:
        server.send_signal(signal.SIGINT)  # it waits for nobody who is connected
        end(server)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(server: Postgres) -> bool:
    try:
        server.database()
    except sa.exc.SQLAlchemyError:
        return False
    return True


@pytest.fixture(scope="session")
def s3() -> Iterator[Store]:
    for module in ("moto", "s3fs"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}: pip install -c constraints.txt --group machines")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = Store(port, process)
    try:
        wait_for(lambda: process.poll() is not None or httpx.get(f"{made.url}/moto-api/", timeout=5).is_success)
        assert process.poll() is None
        yield made
    finally:
        end(process)


@pytest.fixture
def bucket(s3: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an empty bucket, which this process and those that it starts reach."""
    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    return s3.bucket()


SLURM = """
ClusterName=test
SlurmctldHost={host}({address})
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=20
KillWait=10
SchedulerParameters=sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
"""Which keeps no accounts; each machine is made to have four processors."""
Daemon = Callable[..., "subprocess.Popen[bytes]"]
"""Starts a program with its arguments; `environment` and `said`, the file for what it says, are its keywords."""


@pytest.fixture(scope="session")
def slurm() -> Iterator[str]:
    """The path of the configuration of a SLURM of this machine that runs."""
    with slurm_of({socket.gethostname(): ("127.0.0.1", _here)}) as configuration:
        yield configuration


@contextmanager
def slurm_of(machines: Mapping[str, tuple[str, Daemon]], address: str = "127.0.0.1") -> Iterator[str]:
    """Run a SLURM: munge, the controller, and a daemon on each machine; yield the path of its configuration.

    Args:
        machines: of each its address, and what starts a program there.
        address: that of the controller for them, which is here.
    """
    programs = {name: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in _DAEMONS}
    if absent := [name for name, found in programs.items() if found is None]:
        pytest.skip(f"needs SLURM's {absent[0]}: apt install slurm-wlm")
    folder = Path(tempfile.mkdtemp(prefix="slurm"))
    folder.chmod(0o755)  # munge wants others to reach its socket
    (folder / "state").mkdir()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    configuration = folder / "slurm.conf"
    nodes = [f"NodeName={name} NodeAddr={place} CPUs=4 State=UNKNOWN" for name, (place, _) in machines.items()]
    known = {"host": socket.gethostname(), "address": address, "user": Path.home().owner(), "folder": folder}
    configuration.write_text(SLURM.format(**known, nodes="\n".join(nodes), ports=[free_port(), free_port()]))
    files = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str, by: Daemon = _here, on: str = "") -> Path:
        said = folder / f"{name}{on}.said"
        started.append(by(str(programs[name]), *arguments, environment=environment, said=said))
        return said

    try:
        said = start("munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *files)
        wait_for(lambda: (folder / "munge.socket").exists(), told=said.read_text)
        said = start("slurmctld", "-D", "-f", str(configuration))
        for name, (_, by) in machines.items():
            start("slurmd", "-D", "-f", str(configuration), by=by, on=f"-{name}")
        wait_for(lambda: _are_idle(environment, len(machines)), told=said.read_text)
        yield str(configuration)
    finally:
        for server in reversed(started):
            end(server)
        shutil.rmtree(folder, ignore_errors=True)


_DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue")


def _here(*command: str, environment: Mapping[str, str], said: Path) -> "subprocess.Popen[bytes]":
    with said.open("ab") as log:
        return subprocess.Popen(command, env=dict(environment), stdout=log, stderr=log)


def _are_idle(environment: dict[str, str], count: int) -> bool:
    command = ["sinfo", "--noheader", "--Node", "--format=%T"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    return said.stdout.split() == ["idle"] * count
