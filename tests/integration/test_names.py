"""A table whose columns have the oddest names, through all of it: trained, registered, served, loaded by MLflow."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import polars as pl
import pytest

from components.kinds.table.sample import requests
from components.kinds.table.source.simulator import Simulation, transactions
from tests.conftest import PAYMENTS, Project
from tests.integration.test_bento import PACKAGE
from tests.integration.test_table import PREDICT, ask, data_of, expected, serving
from tests.unit.kinds.table.test_names import NAMES

ODD = {
    "customer_id": "Kunde.Nr [1]",
    "terminal_id": "kunde.nr [1]",
    "transaction_id": "_id",
    "amount": "Betrag €, $x_1$",
}
SIMULATION = Simulation(
    customers=200, terminals=400, days=40, side=20.0, compromised_terminals=1, compromised_customers=2
)
REGISTER = """
from components.registry.gate import judge
from components.registry.register import register
from tests.registering import promoted
version = register("payments")[0]
judge(version, None)
promoted(version)
"""


def table() -> pl.DataFrame:
    """Return payments with a number or a category more under each of the names."""
    simulated = pl.from_arrow(list(transactions(SIMULATION)))
    assert isinstance(simulated, pl.DataFrame)
    row = pl.int_range(simulated.height)
    numbers = [(row % (place + 3) / 4).alias(name) for place, name in enumerate(NAMES[::2])]
    texts = [(row % (place + 3)).cast(pl.String).alias(name) for place, name in enumerate(NAMES[1::2])]
    return simulated.rename(ODD).with_columns(*numbers, *texts)


def params(source: Path) -> str:
    text = PAYMENTS.replace("datasets/few.yaml", str(source)).replace("epochs: 3", "epochs: 1")
    text = text.replace("amount: amount", f"amount: {json.dumps(ODD['amount'])}")
    for name in ("customer_id", "terminal_id", "transaction_id"):
        text = text.replace(name, json.dumps(ODD[name]))
    return text.replace("      delay: 3", f"      slices: [{json.dumps(NAMES[0])}, weekend]\n      delay: 3")


def test_odd_names_go_through_all_of_it(
    new_project: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "payments.parquet"
    table().write_parquet(source)
    project = new_project(params(source))
    monkeypatch.chdir(project.path)
    project.run("dvc", "repro")
    project.run("python", "-c", REGISTER, PYTHONPATH=".")
    data = data_of(project)
    told = expected(project, data)[:20]
    bento = project.run("python", "-c", PACKAGE.replace("digits", "payments"), "1", PYTHONPATH=".").split()[-1]
    with serving((project, bento), tmp_path) as (url, _):
        rows = requests(data, range(20), False)
        assert [answer["probability"] for answer in ask(url, rows)] == pytest.approx(told, abs=1e-6)
        effects = httpx.post(f"{url}/explain", json=rows[0]).json()["explanation"]
        assert {effect["feature"] for effect in effects} == set(data.input["features"])
        record = httpx.get(f"{url}/docs.json").json()["components"]["schemas"]["Record"]
        assert set(record["properties"]) == set(rows[0])
        label = {"_id": rows[0]["_id"], "label": True}
        assert httpx.post(f"{url}/labels", json=label).json() == {"recorded": 1, "known": 1}
    Path("rows.json").write_text(json.dumps(requests(data, range(20), True)))
    there = {"MLFLOW_TRACKING_URI": f"sqlite:///{project.path}/state/mlflow/mlflow.db", "PYTHONPATH": ""}
    answered = project.run(sys.executable, "-c", PREDICT, "rows.json", **there).splitlines()[-1]
    assert json.loads(answered) == pytest.approx(told.tolist(), abs=1e-6)
