"""A table of many rows in a bucket by sixteen machines: three are killed, one is cut off from the bucket.

JOURNEYMAN_TEST_ROWS says how many rows.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from components.config.settings import artifacts
from components.scoring.fetched import fetched
from components.scoring.score import score
from components.scoring.shards import Spans, merge
from tests.conftest import EASY, ROOT, Project
from tests.machines.conftest import Store

ROWS = int(os.environ.get("JOURNEYMAN_TEST_ROWS", "20000"))
SHARDS = 16
CHUNK = max(1, ROWS // SHARDS // 10)
SPAN = 3 * CHUNK
KILLED, CUT_OFF = (2, 7, 15), 4
COLUMNS = ("height", "width", "weight", "age")
PARAMS = (
    """\
workloads:
  parcels:
    kind: table
    source: {source}
    prepare:
      columns: {{label: late, id: parcel}}
    train: {{model: trees}}
    evaluate: {{cross_validate_below: 0}}
"""
    + EASY
)
MACHINE = """
import os, signal, sys
from pathlib import Path
from components.scoring.shards import Shard, Spans, score_shard
bundle, source, out, shard, rows, left = sys.argv[1:]
add, left = Spans.add, [int(left)]
def killed(*arguments):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    add(*arguments)
Spans.add = killed
print(*score_shard(Path(bundle), "1", source, out, Shard.parse(shard), id="parcel", workers=1, rows=int(rows)))
"""


def parcels(rows: int, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, len(COLUMNS))).astype(np.float32)
    late = numbers[:, 0] + numbers[:, 1] * numbers[:, 2] > 0
    columns = {name: numbers[:, place] for place, name in enumerate(COLUMNS)}
    return pl.DataFrame({"parcel": np.arange(rows), **columns, "late": late.astype(int)})


@pytest.fixture
def bundle(new_project: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    parcels(2_000, 0).write_csv(tmp_path / "parcels.csv")
    project = new_project(PARAMS.format(source=tmp_path / "parcels.csv"))
    project.run("dvc", "repro", "export")
    monkeypatch.chdir(tmp_path)
    return project.path / artifacts("parcels", "bundle")


class Network:
    """One machine's way to a server, which can be cut."""

    def __init__(self, port: int, here: str = "127.0.0.1") -> None:
        self._to, self._open = ("127.0.0.1", port), [socket.create_server((here, 0))]
        self.port = self._open[0].getsockname()[1]
        self.url = f"http://{here}:{self.port}"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                pair = self._open[0].accept()[0], socket.create_connection(self._to)
                self._open += pair
                for one, other in (pair, pair[::-1]):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while said := one.recv(1 << 16):
                other.sendall(said)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)


@contextmanager
def network(store: Store) -> Iterator[Network]:
    made = Network(store.port)
    try:
        yield made
    finally:
        made.cut()


@pytest.mark.timeout(3_600 + ROWS // 100)
def test_every_id_once_and_the_file_of_one_machine(bundle: Path, s3: Store, bucket: str, tmp_path: Path) -> None:
    files = fsspec.filesystem("s3", use_listings_cache=False)
    parcels(ROWS, 1).drop("late").write_parquet(tmp_path / "rows.parquet", row_group_size=CHUNK)
    source, out = f"s3://{bucket}/rows/rows.parquet", f"s3://{bucket}/scores.parquet"
    files.put_file(str(tmp_path / "rows.parquet"), source)

    def machine(index: int, spans: int = 1_000_000, **variables: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", MACHINE, str(bundle), source, out, f"{index}/{SHARDS}", str(SPAN), str(spans)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=environment, text=True, **pipes)  # type: ignore[no-any-return,call-overload]

    def ended(index: int, spans: int = 1_000_000) -> tuple[int, str]:
        running = machine(index, spans)
        said, errors = running.communicate(timeout=1_800)
        return running.returncode, said or errors

    def written() -> dict[str, Any]:
        found = files.find(f"{bucket}/scores.parquet.parts/rows", detail=True)
        return {name: (told["LastModified"], told["ETag"]) for name, told in found.items() if told["type"] == "file"}

    with network(s3) as cable:
        lonely = machine(CUT_OFF, AWS_ENDPOINT_URL=cable.url, AWS_MAX_ATTEMPTS="1")
        deadline = time.monotonic() + 600
        while not written():
            assert lonely.poll() is None, lonely.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        cable.cut()
        _, errors = lonely.communicate(timeout=900)
    assert lonely.returncode == 1, errors
    assert "scores.parquet.parts" in errors
    with ThreadPoolExecutor(2) as pool:
        first = list(pool.map(lambda index: ended(index, spans=1) if index in KILLED else (0, ""), range(SHARDS)))
        assert [index for index, (status, _) in enumerate(first) if status == -signal.SIGKILL] == list(KILLED)
        begun = written()
        assert len(begun) >= len(KILLED) + 1
        done = list(pool.map(ended, range(SHARDS)))
        assert [status for status, _ in done] == [0] * SHARDS, done
        before = [int(said.split()[0]) for _, said in done]
        assert [index for index, rows in enumerate(before) if rows] == sorted((*KILLED, CUT_OFF))
        whole = written()
        assert {name: whole[name] for name in begun} == begun
        there, now = ended(CUT_OFF)[1].split()
        assert there == now  # it comes back, and finds all there
        assert written() == whole

    alone = score(bundle, "1", fetched(source), tmp_path / "alone.parquet", id="parcel", workers=1)
    merged = merge(bundle, "1", source, tmp_path / "scores.parquet", Spans(out), id="parcel")
    assert merged.out.read_bytes() == alone.out.read_bytes()
    ids = pq.read_table(merged.out)["id"].to_pylist()
    assert len(ids) == ROWS
    assert sorted(map(int, ids)) == list(range(ROWS))
