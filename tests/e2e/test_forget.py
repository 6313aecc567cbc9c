"""Somebody is forgotten, while their endpoint runs: no byte of them is left, and all of the others."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
import yaml

from components.inference.bundle import bundle_hash, verified
from components.inference.champion.published import fetch, publish, read_pointer
from components.kinds.table.source.simulator import Simulation, transactions
from components.prediction_log.compaction import compact
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered, Label
from components.prediction_log.writer import Writer
from components.system.address import Address
from tests.conftest import FEW, PAYMENTS, Project, commit, copy_of
from tests.e2e.conftest import packaged
from tests.erased import traces
from tests.integration.test_bento import serving

NOBODY, WHO = "cust-0001-K7QZ", "cust-0073-K7QZ"
FOLDERS = ("artifacts", "data", "state", ".dvc/cache")
SMALL = PAYMENTS.replace("epochs: 3", "epochs: 1")
ASKED = {"customer_id": WHO, "terminal_id": "17", "amount": 12.5, "time": "2018-05-20T10:00:00"}


@pytest.fixture(scope="module")
def forgetting(new_project: Callable[..., Project], once: Callable[..., Path], tmp_path_factory: Any) -> Project:
    """A checkout whose table names its customers and payments as nothing else is named, trained and registered."""

    def train(folder: Path) -> None:
        source = folder / "table.parquet"
        table = pa.Table.from_batches(transactions(Simulation(**yaml.safe_load(FEW)["settings"]))).to_pandas()
        table["customer_id"] = table["customer_id"].map("cust-{:04d}-K7QZ".format)
        table["transaction_id"] = table["transaction_id"].map("pay-{:06d}-W9XJ".format)
        table["terminal_id"] = table["terminal_id"].astype(str)
        table.to_parquet(source, index=False)
        made = new_project(SMALL.replace("datasets/few.yaml", str(source)), folder)
        made.run("dvc", "repro")
        commit(made, "trained")

    folder = once("forgetting", train)
    return packaged(copy_of(Project(folder / "journeyman"), tmp_path_factory.mktemp("forget")), "payments")[0]


def test_nothing_is_left_of_somebody_and_all_of_the_others(forgetting: Project, tmp_path: Path) -> None:
    project = forgetting
    folders, log = [project.path / name for name in FOLDERS], project.path / "state" / "log" / "payments"
    source = Path(yaml.safe_load((project.path / "params.yaml").read_text())["workloads"]["payments"]["source"])
    rows = pq.read_table(source).to_pylist()
    keys = [row["transaction_id"] for row in rows if row["customer_id"] == WHO]
    inbox = project.path / "data" / "inbox" / "payments" / "later.csv"
    inbox.parent.mkdir()
    head = "transaction_id,time,customer_id,terminal_id,amount,fraud\r\n"
    theirs = f'pay-new,2018-05-11 10:00:00,"{NOBODY}",17,"3.50",\r\n'
    inbox.write_bytes(f"{head}{theirs}pay-newer,2018-05-11 11:00:00,{WHO},17,3.50,\r\n".encode())
    for page in ("index.html", "2026-01-01T0000/report.json"):
        watched = project.path / "state" / "watch" / "payments" / page
        watched.parent.mkdir(parents=True, exist_ok=True)
        watched.write_text(f"strange: {WHO}")
    _log(log, 0).close()
    assert compact(log) == 1
    writer = _log(log, 10)
    home, champions = project.path / "state" / "bentoml", str(project.path / "state" / "champions")
    (bento,) = (path.name for path in (home / "bentos" / "payments").glob("v1-*"))
    (bundle,) = (home / "models" / "payments").glob("v1-*")
    publish(bundle, "payments", "1", champions)
    settings = {"JOURNEYMAN_CHAMPIONS": champions, "JOURNEYMAN_LOG_DIR": str(log.parent)}
    with serving(project, f"payments:{bento}", cwd=project.path.parent, variables=settings) as url:
        asked = [ASKED | {"transaction_id": f"pay-asked-{who}", "customer_id": who} for who in (WHO, NOBODY)]
        assert httpx.post(f"{url}/predict", json=asked).status_code == 200
        labels = [{"transaction_id": row["transaction_id"], "label": True} for row in asked]
        assert httpx.post(f"{url}/labels", json=labels).json()["known"] == 2
        before, hashes = _remembered(project), _bundles(project)
        answers = _answers(log)
        assert {row["transaction_id"] for row in asked} <= {row["key"] for row in answers}
        shutil.copytree(log, tmp_path / "backup")
        assert len(traces(folders, WHO)) > 12

        said = project.run("python", "-m", "flows.forget", "payments", "--entity", f"customer_id={WHO}", "--cache")
        assert "versions 1 of payments. They can no longer be rebuilt" in said
        assert f"{len(keys)} rows of it are customer_id={WHO}; it is yours, and was not changed" in said
        assert traces(folders, WHO, *keys, "pay-newer", f"pay-asked-{WHO}") == []
        assert _remembered(project) == [row for row in before if WHO not in row]
        assert _bundles(project) == {path: hash for path, hash in hashes.items() if not path.startswith("artifacts")}
        assert _answers(log) == [row for row in answers if WHO not in row["record"]]
        assert inbox.read_bytes().decode() == head + theirs
        assert (pointer := read_pointer(Address(champions), "payments"))
        assert fetch(Address(champions), pointer, tmp_path / "another" / "machine")
        assert httpx.post(f"{url}/predict", json=asked[1]).status_code == 200
        assert "nothing was removed" in project.run(
            "python", "-m", "flows.forget", "payments", "--entity", f"customer_id={WHO}", "--cache"
        )
        writer.close()

    for path in (path for path in (tmp_path / "backup").rglob("*") if path.suffix in (".seg", ".parquet")):
        shutil.copy(path, log / path.relative_to(tmp_path / "backup"))
    compact(log)
    assert not [row for row in _answers(log) if WHO in row["record"]]
    assert {label["key"] for label in Log.open(log).labels().to_pylist()}.isdisjoint(
        {f"logged-{n}-0" for n in range(20)}
    )
    with serving(project, f"payments:{bento}", cwd=project.path.parent, variables=settings) as url:
        assert httpx.post(f"{url}/predict", json=asked[1]).status_code == 200
        assert [row for row in _remembered(project) if WHO in row] == []
    assert "nothing was removed" not in project.run(
        "python", "-m", "flows.forget", "payments", "--entity", f"customer_id={WHO}"
    )
    assert traces(folders, WHO) == []


def _log(folder: Path, first: int) -> Writer:
    """Append some answers, every other one to somebody, and labels of them."""
    entities = ("customer_id", "terminal_id")
    describe(
        folder,
        Description(workload="payments", kind="table", task="detection", entities=entities, key="transaction_id"),
    )
    writer, ids = Writer.open(folder), EventIds()
    for number in range(first, first + 5):
        identity = ids.new()
        records = [
            json.dumps(ASKED | {"transaction_id": f"logged-{number}-{row}", "customer_id": who}).encode()
            for row, who in enumerate((WHO, NOBODY))
        ]
        numbers = np.zeros((2, 3), dtype=np.float32)
        writer.answered(
            Answered(identity, 1_779_000_000_000_000 + number, 0.01, "1", f"r{number}", numbers[:, :2], numbers,
                     [b'{"label":"0"}'] * 2, records)
        )  # fmt: skip
        labels = [Label(True, 1_779_000_000_000_000, key=f"logged-{number}-{row}") for row in range(2)]
        writer.labelled([*labels, Label(True, 1_779_000_000_000_001, event_id=as_text(identity))])
    return writer


def _answers(folder: Path) -> list[dict[str, Any]]:
    found = [row for batch in Log.open(folder).answers() for row in batch.to_pylist()]
    return sorted(found, key=lambda row: str(row["id"]))


def _remembered(project: Project) -> list[tuple[Any, ...]]:
    engine = sa.create_engine(f"sqlite:///{project.path}/state/bentoml/memory/payments.db", poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text("SELECT * FROM events_payments ORDER BY seq"))]


def _bundles(project: Project) -> dict[str, str]:
    """Return the hash of every bundle, each of which is whole."""
    paths = [path.parent for name in ("artifacts", "state") for path in (project.path / name).rglob("bundle.json")]
    for path in paths:
        verified(path)
    return {str(path.relative_to(project.path)): bundle_hash(path) for path in paths}
