"""Windows by several machines: killed, missing, twice; what is prepared is the same to the byte as by one."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import ConfigError, DataError
from components.erasure.shards import remove_partitions
from components.kinds.table.params import Columns, Entity, Prepare, Split
from components.kinds.table.prepare import partitions, prepare, prepare_partition, stream
from components.kinds.table.prepare.partitions import partition_of
from components.kinds.table.source.simulator import Simulation, transactions
from tests.conftest import ROOT
from tests.unit.kinds.table.test_prepare import CONFIG, table

NASTY = CONFIG.model_copy(update={"history": "endpoint", "slices": ["channel"], "labelled": 0.5})
PART = """
import os, signal, sys
from pathlib import Path
from components.kinds.table.prepare import partitions, prepare_partition, stream
from tests.unit.kinds.table.test_partitions import NASTY
folder, index, count, left = sys.argv[1:]
stream._PARTITIONS, stream._FEWEST = 0, 250
add, left = partitions.PartitionFiles.add, [int(left)]
def killed(*arguments):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    add(*arguments)
partitions.PartitionFiles.add = killed
scratch = Path(folder, f"scratch-{os.getpid()}")
scratch.mkdir()
records, schema = Path(folder, "records.parquet"), Path(folder, "shop.yaml")
prepare_partition(records, scratch, NASTY, schema, None, int(index), int(count))
"""


class Machines:
    """A table in a folder, which `one` machine prepares, or several."""

    def __init__(self, folder: Path, config: Prepare) -> None:
        self.folder, self.config = folder, config
        self.records, self.schema = folder / "records.parquet", folder / "shop.yaml"
        self._count = 0

    def scratch(self) -> Path:
        self._count += 1
        made = self.folder / f"scratch-{self._count}"
        made.mkdir()
        return made

    def one(self) -> dict[str, str]:
        """Prepare all; return the SHA-256 of each file."""
        out = self.scratch()
        prepare(self.records, out, self.config, self.schema)
        return {
            str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in out.rglob("*")
            if path.is_file()
        }

    def part(self, index: int, count: int) -> int:
        scratch = self.scratch()
        found = prepare_partition(self.records, scratch, self.config, self.schema, None, index, count)
        assert not list(scratch.iterdir())
        return found

    def files(self) -> list[Path]:
        return sorted(path for path in (self.folder / "partitions").rglob("*.parquet") if path.is_file())


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    """A table without order, some customers missing, some times the same; small files."""
    monkeypatch.setenv("JOURNEYMAN_PARTITIONS", str(tmp_path / "partitions"))
    for name, value in {"_PARTITIONS": 0, "_FEWEST": 250, "_MERGED": 1_000, "CHUNK": 1_300}.items():
        monkeypatch.setattr(stream, name, value)
    table().sample(fraction=1.0, shuffle=True, seed=1).write_parquet(tmp_path / "records.parquet", row_group_size=500)
    return Machines(tmp_path, NASTY)


def nasty(name: str) -> tuple[pl.DataFrame, Prepare]:
    """A table and a section that is asked much."""
    if name == "shuffled":
        return table().sample(fraction=1.0, shuffle=True, seed=1), NASTY
    if name == "in order":
        return table(), CONFIG
    if name == "again":  # labels that came later, ids twice, times the same, an entity kept as 7.0, one of few values
        first = table().with_columns(
            time=pl.col("time").dt.truncate("6h"),
            terminal=pl.when(pl.col("terminal") != 5).then(pl.col("terminal").cast(pl.Float64)),
        )
        late = first.head(700).with_columns(fraud=pl.lit(1, pl.Int64))
        entities = {**CONFIG.entities, "channel": Entity(days=[2, 3], measures=["risk", "mean", "count"], delayed=True)}
        return pl.concat([first, late]), CONFIG.model_copy(update={"entities": entities, "delay": 1.5})
    simulation = Simulation(customers=120, terminals=200, days=40)
    batches = pa.Table.from_batches(list(transactions(simulation)))
    columns = Columns(label="fraud", time="time", id="transaction_id", amount="amount")
    entities = {
        "customer_id": Entity(days=[1, 7], measures=["count", "mean"]),
        "terminal_id": Entity(days=[1, 7], measures=["count", "risk"], delayed=True),
    }
    split = Split(train=7.0, validation=7.0, test=7.0)
    frame = pl.from_arrow(batches)
    assert isinstance(frame, pl.DataFrame)
    return frame, Prepare(columns=columns, entities=entities, card="customer_id", delay=7.0, split=split)


@pytest.mark.parametrize(
    ("name", "counts"), [("shuffled", (1, 2, 7)), ("in order", (2,)), ("again", (7,)), ("simulated", (2,))]
)
def test_what_partitions_come_to_is_that_of_one_machine(
    name: str, counts: tuple[int, ...], shop: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, shop.config = nasty(name)
    frame.write_parquet(shop.records, row_group_size=500)
    alone = shop.one()
    assert not (shop.folder / "partitions").exists()
    shop.schema.unlink()
    for count in counts:
        monkeypatch.setenv("JOURNEYMAN_PARTITIONS", str(shop.folder / f"partitions/{count}"))
        assert sum(shop.part(index, count) for index in range(count)) > 1_000
        assert not shop.schema.exists()
        with monkeypatch.context() as patched:
            patched.setattr(stream, "_computed", None)  # nothing is computed again
            assert shop.one() == alone  # and has no schema yet
            if count == 2:
                assert shop.one() == alone
        shop.schema.unlink()


def test_entities_are_in_one_partition_each_and_everywhere_in_the_same() -> None:
    values = [pl.Series([1, 2, 30, -4]), pl.Series(["a", "ü", "1", ""])]
    assert [partition_of(some, 7).tolist() for some in values] == [[5, 6, 5, 6], [4, 3, 5, 5]]
    counts = np.bincount(partition_of(pl.Series(range(8_000)), 8))
    assert counts.min() > 900


def started(shop: Machines, index: int, count: int, files: int = 1_000) -> "subprocess.Popen[bytes]":
    """Start a machine that does a partition; it is killed before it has written `files` + 1 files."""
    command = [sys.executable, "-c", PART, str(shop.folder), *map(str, (index, count, files))]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)


def test_a_killed_partition_goes_on_and_two_that_do_the_same_disturb_nobody(shop: Machines) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("JOURNEYMAN_PARTITIONS", str(shop.folder / "nothing"))
        alone = shop.one()
    killed, whole = started(shop, 0, 2, files=2), [started(shop, 1, 2) for _ in range(2)]
    assert killed.wait(300) == -signal.SIGKILL
    assert [machine.wait(300) for machine in whole] == [0, 0]
    with pytest.raises(DataError, match=r"partition 0 of 2 is missing; run `python -m flows.prepare shop --partition"):
        shop.one()
    begun = {path: path.stat().st_mtime_ns for path in shop.files()}
    assert len([path for path in begun if path.parts[-3] == "0"]) == 2
    counted: list[int] = []
    windows = stream.ArrayMemory.windows
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            stream.ArrayMemory, "windows", lambda self, *said: counted.append(len(said[1])) or windows(self, *said)
        )
        found = shop.part(0, 2)
    assert counted[:2] == [0] * 2  # those that were there are not computed again
    assert sum(counted) < found
    assert {path: path.stat().st_mtime_ns for path in begun} == begun  # each file was written once
    assert shop.one() == alone
    assert shop.part(0, 2) == found  # nothing is left to do
    assert shop.one() == alone


def test_partitions_of_something_else_are_said_and_not_taken(shop: Machines, caplog: pytest.LogCaptureFixture) -> None:
    shop.part(0, 1)
    alone = shop.one()
    with pytest.raises(ConfigError, match=r"^--partition 1/2: .*/shop-[0-9a-f]{16} is of 1 partitions; go on with i/1"):
        shop.part(1, 2)
    for update, told in (({"delay": 3.0}, "another section `prepare`"), ({}, "another raw table")):
        if not update:
            shop.records.unlink()
            table(2).write_parquet(shop.records)
        shop.config = NASTY.model_copy(update=update)
        caplog.clear()
        assert shop.one() != alone
        (said,) = [record.message for record in caplog.records if "partitions" in record.message]
        assert f"the partitions there are of {told}; all windows are computed here" in said
    for path in (shop.folder / "partitions").rglob("manifest.json"):
        path.write_text("{}")
    shop.part(0, 1)
    caplog.clear()
    shop.one()
    assert "all windows are computed here" not in caplog.text  # its own are there now


def test_what_is_missing_or_damaged_is_told_in_one_line(shop: Machines) -> None:
    for index in (0, 2, 3):
        shop.part(index, 5)
    with pytest.raises(DataError, match=r"partition 1 of 5 is missing, as are 1 more; run .* --partition 1/5` to its"):
        shop.one()
    for index in (1, 4):
        shop.part(index, 5)
    first = shop.files()[0]
    whole = first.read_bytes()
    first.write_bytes(whole[:100])
    with pytest.raises(DataError, match=r"0/0/0\S+\.parquet is not readable; delete the folder 0 there, and run that"):
        shop.one()
    rows = pq.read_table(first.with_name(shop.files()[1].name))
    first.unlink()
    with pytest.raises(DataError, match=r"it has the windows of other records; delete the folder 0 there"):
        shop.one()
    first.write_bytes(whole)
    last = [path for path in shop.files() if path.parts[-3:-1] == ("4", "1")][-1]
    more = last.parent.parent / "done.json"
    more.write_text(more.read_text().replace("]", "0]"))
    with pytest.raises(DataError, match=r"it has the windows of other records; delete the folder 4 there"):
        shop.one()
    manifest = first.parents[2] / "manifest.json"
    manifest.write_text("{")
    with pytest.raises(DataError, match=r"manifest\.json: not readable .*; delete that folder"):
        shop.one()
    assert rows.num_rows


@pytest.mark.parametrize("update", [{"entities": {}, "card": None}, {"columns": Columns(label="fraud", group="id")}])
def test_where_there_are_no_windows_nothing_is_shared_out(update: dict[str, Any], shop: Machines) -> None:
    shop.config = CONFIG.model_copy(update=update)
    with pytest.raises(ConfigError, match=r"^--partition: windows alone are computed in partitions"):
        shop.part(0, 2)


def test_a_place_that_cannot_be_written_is_told(shop: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYMAN_PARTITIONS", "/proc/nothing")
    with pytest.raises(ConfigError, match=r"^JOURNEYMAN_PARTITIONS: /proc/nothing cannot be written"):
        shop.part(0, 2)


def test_windows_of_a_workload_can_be_erased(shop: Machines) -> None:
    shop.part(0, 1)
    other = shop.folder / "partitions" / "shopping-0123456789abcdef" / "manifest.json"
    other.parent.mkdir()
    other.write_text("{}")
    (removed,) = remove_partitions("shop")
    assert removed.count > 2
    assert not shop.files()
    assert other.exists()
    assert not partitions.is_begun("shop")
    assert not list(remove_partitions("shop"))
