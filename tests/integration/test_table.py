"""A table workload at its endpoint: a real Bento of a trained checkout, served and asked over HTTP."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import psutil
import pytest

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.table.sample import requests
from components.system.processes import die_with_parent
from tests.conftest import Project, end
from tests.integration.test_bento import PACKAGE, by_clients
from tests.servers import free_port

NEW = {"transaction_id": 10_000_000, "time": "2018-05-10T12:00:00", "customer_id": 3, "terminal_id": 5, "amount": 20.0}


@pytest.fixture(scope="module")
def packaged(payments_once: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A trained checkout whose bundle is in a Bento, and the Bento's tag. Not to be changed."""
    path = tmp_path_factory.mktemp("packaged") / "journeyman"
    shutil.copytree(payments_once.path, path, symlinks=True)
    project = Project(path)
    package = PACKAGE.replace("digits", "payments")
    return project, project.run("python", "-c", package, "1", PYTHONPATH=".").split()[-1]


@pytest.fixture(scope="module")
def endpoint(packaged: tuple[Project, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(packaged, tmp_path_factory.mktemp("memory")) as (url, _):
        yield url


def data_of(project: Project) -> PreparedData:
    return open_prepared(project.path / artifacts("payments", "prepared"))


def expected(project: Project, data: PreparedData) -> np.ndarray:
    return Bundle(project.path / artifacts("payments", "bundle")).outputs(np.asarray(data.inputs("test")))[:, 1]


def test_one_at_a_time_the_answers_are_those_of_the_batch(endpoint: str, packaged: tuple[Project, str]) -> None:
    data = data_of(packaged[0])
    places = np.linspace(0, data.counts["test"] - 1, 60, dtype=int).tolist()
    with httpx.Client() as client:
        answers = [ask(endpoint, row, client) for row in requests(data, places, False)]
    told = [answer["probability"] for answer in answers]
    assert told == pytest.approx(expected(packaged[0], data)[places], abs=1e-6)
    assert {answer["model_version"] for answer in answers} == {"1"}
    for answer in answers:
        assert answer["label"] == data.classes[int(answer["probability"] >= answer["threshold"])]


def test_a_thousand_records_in_one_request(endpoint: str, packaged: tuple[Project, str]) -> None:
    data = data_of(packaged[0])
    places = list(range(min(1000, data.counts["test"])))
    answers = ask(endpoint, requests(data, places, False))
    told = [answer["probability"] for answer in answers]
    assert told == pytest.approx(expected(packaged[0], data)[places], abs=1e-6)


def test_what_was_asked_is_remembered_once(packaged: tuple[Project, str], tmp_path: Path) -> None:
    with serving(packaged, tmp_path) as (url, _):
        first = ask(url, NEW)
        assert {**ask(url, NEW), "id": first["id"]} == first
        effects = [explained(url, {**NEW, "transaction_id": NEW["transaction_id"] + 1 + step}) for step in range(3)]
        counts = [next(e["value"] for e in told if e["feature"] == "customer_id_count_1d") for told in effects]
        assert counts == [counts[0], counts[0] + 1, counts[0] + 2]


def test_labels_become_the_terminals_risk(packaged: tuple[Project, str], tmp_path: Path) -> None:
    with serving(packaged, tmp_path) as (url, _):
        later = {**NEW, "transaction_id": NEW["transaction_id"] + 1, "time": "2018-05-14T12:00:00"}
        answer = ask(url, NEW)
        before = value_of("terminal_id_risk_7d", url, later)
        labels = {"id": answer["id"], "label": True}
        assert httpx.post(f"{url}/labels", json=labels).json() == {"recorded": 1, "known": 1}
        after = value_of("terminal_id_risk_7d", url, {**later, "transaction_id": later["transaction_id"] + 1})
        assert after > before
        unknown = {"transaction_id": 77_777_777, "label": False}
        assert httpx.post(f"{url}/labels", json=[labels, unknown]).json() == {"recorded": 2, "known": 1}
        nobody = {"id": "01a00000-0000-7000-8000-000000000000", "label": True}
        said = httpx.post(f"{url}/labels", json=[labels, nobody]).json()
        assert (said["recorded"], said["known"]) == (2, 1)
        assert said["note"].startswith("1 of the rows are remembered by transaction_id alone")


def test_a_killed_worker_loses_nothing_that_it_answered(packaged: tuple[Project, str], tmp_path: Path) -> None:
    with serving(packaged, tmp_path) as (url, server):
        base = value_of("customer_id_count_7d", url, NEW)
        for step in range(1, 21):
            ask(url, {**NEW, "transaction_id": NEW["transaction_id"] + step})
        for worker in psutil.Process(server.pid).children(recursive=True):
            worker.kill()
        server.kill()
        server.wait()
    with serving(packaged, tmp_path) as (url, _):
        again = {**NEW, "transaction_id": NEW["transaction_id"] + 21}
        assert value_of("customer_id_count_7d", url, again) == base + 21


def test_two_workers_have_one_memory(packaged: tuple[Project, str], tmp_path: Path) -> None:
    rows = [{**NEW, "transaction_id": NEW["transaction_id"] + step} for step in range(80)]
    with serving(packaged, tmp_path, workers=2) as (url, server):
        base = value_of("customer_id_count_1d", url, {**NEW, "transaction_id": 1})
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(partial(ask, url), rows))
        last = {**NEW, "transaction_id": NEW["transaction_id"] + 80, "time": "2018-05-10T12:00:01"}
        assert value_of("customer_id_count_1d", url, last) == base + 81
        assert len(psutil.Process(server.pid).children(recursive=True)) >= 2


def test_an_explanation_names_what_moved_the_answer(endpoint: str) -> None:
    dear = {**NEW, "transaction_id": 20_000_000, "amount": 900.0}
    answer = httpx.post(f"{endpoint}/explain", json=dear).json()
    assert "amount" in [effect["feature"] for effect in answer["explanation"]]
    sizes = [abs(effect["effect"]) for effect in answer["explanation"]]
    assert sizes == sorted(sizes, reverse=True)
    plain = ask(endpoint, dear)
    assert {key: answer[key] for key in plain if key != "id"} == {key: plain[key] for key in plain if key != "id"}


def test_openapi_shows_the_workloads_own_fields(endpoint: str) -> None:
    spec = httpx.get(f"{endpoint}/docs.json").json()
    record = spec["components"]["schemas"]["Record"]
    assert set(record["properties"]) == set(NEW)
    assert record["properties"]["amount"]["examples"]
    assert record["properties"]["time"]["format"] == "date-time"
    body = spec["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert [alternative.get("type", "one") for alternative in body["oneOf"]] == ["one", "array"]
    answer = spec["paths"]["/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert [alternative.get("type", "one") for alternative in answer["oneOf"]] == ["one", "array"]
    assert "Explained" in spec["components"]["schemas"]
    assert {"/predict", "/explain", "/labels"} <= set(spec["paths"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount": "20,5"}, "amount: input should be a valid number, not '20,5'"),
        ({"amount": None}, "amount: input should be a valid number"),
        (
            {"time": "2200-01-01T00:00:00"},
            "the time has not come yet: 2200-01-01T00:00:00 (UTC) is more than a day ahead",
        ),
        ({"time": "soon"}, "time: input should be a valid datetime"),
        ({"colour": "red"}, "colour: extra inputs are not permitted; the fields are "),
        ({"Customer": 3}, "Customer: extra inputs are not permitted; did you mean 'customer_id'?"),
        ({"customer_id": 1.5}, "customer_id: input should be a valid integer"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(change: dict[str, Any], sentence: str, endpoint: str) -> None:
    for content in ({**NEW, **change}, [{**NEW, **change}]):
        answer = httpx.post(f"{endpoint}/predict", json=content)
        assert answer.status_code == 400
        assert sentence in answer.json()["error"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b"null", b'{"amount": NaN}', json.dumps({"amount": 1}).encode(), b"\xff\xfe"]
)
def test_what_is_no_record_is_a_sentence(body: bytes, endpoint: str) -> None:
    answer = httpx.post(f"{endpoint}/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


def test_what_is_out_of_range_is_answered_with_a_warning(endpoint: str) -> None:
    most = 1e12
    warning = r"amount: 1000000000000 is above \d+, the largest that is expected"
    row = {**NEW, "transaction_id": 30_000_000}
    for content in ({**row, "amount": most}, [row, {**row, "transaction_id": 30_000_001, "amount": most}]):
        answered = ask(endpoint, content)
        ordinary, answer = (answered[0], answered[1]) if isinstance(answered, list) else (ask(endpoint, NEW), answered)
        assert re.fullmatch(warning, answer["warnings"][0])
        assert "warnings" not in ordinary
    many = ask(endpoint, [{**row, "transaction_id": 31_000_000 + step, "amount": most} for step in range(40)])
    assert {len(answer["warnings"]) for answer in many} == {1}
    explained = httpx.post(f"{endpoint}/explain", json={**row, "transaction_id": 32_000_000, "amount": most}).json()
    assert re.fullmatch(warning, explained["warnings"][0])


def test_an_id_is_the_same_however_it_is_written(endpoint: str) -> None:
    row = {**NEW, "customer_id": 777_777, "transaction_id": 40_000_000, "fraud": 0, "Unnamed: 0": 4}
    number = row["transaction_id"]
    for change in ({}, {"transaction_id": float(number)}, {"transaction_id": str(number)}, {"customer_id": 777_777.0}):
        ask(endpoint, {**row, **change, "amount": "20.0"})
    labels = [{"transaction_id": str(number), "label": 1}, {"transaction_id": float(number), "label": "true"}]
    assert httpx.post(f"{endpoint}/labels", json=labels).json() == {"recorded": 2, "known": 1}
    assert value_of("customer_id_count_1d", endpoint, {**row, "transaction_id": 40_000_001}) == 2


CLIENTS = """
import asyncio, json, sys
import bentoml
url, row = sys.argv[1], json.loads(sys.argv[2])
label = {"transaction_id": row["transaction_id"], "label": False}
with bentoml.SyncHTTPClient(url) as client:
    one = [client.predict(**row), client.predict(row), client.call("predict", **row), client.predict([row])[0]]
    explained, known = client.explain(row), [client.labels(**label), client.labels([label])]
    try:
        refused = client.predict(transaction_id=1)
    except bentoml.exceptions.InvalidArgument as error:
        refused = str(error)
async def ask():
    async with bentoml.AsyncHTTPClient(url) as client:
        return [await client.predict(**row), *await client.predict([row, row])]
print(json.dumps({"one": one + asyncio.run(ask()), "explained": explained, "known": known, "refused": refused}))
"""


OPEN_INFERENCE = """
import json, sys
import numpy as np
from tritonclient.http import InferenceServerClient, InferInput
url, workload, row = sys.argv[1].removeprefix("http://"), sys.argv[2], json.loads(sys.argv[3])
client = InferenceServerClient(url)
types = {each["name"]: each["datatype"] for each in client.get_model_metadata(workload)["inputs"]}
arrays = {"BYTES": object, "INT64": np.int64, "FP64": np.float64, "BOOL": np.bool_}
inputs = []
for name, value in row.items():
    each = InferInput(name, [2], types[name])
    each.set_data_from_numpy(np.array([value] * 2, dtype=arrays[types[name]]))
    inputs.append(each)
answers = client.infer(workload, inputs).as_numpy("answer")
print(json.dumps([json.loads(answer) for answer in answers]))
"""


def test_tritons_own_client_asks(endpoint: str) -> None:
    expected = ask(endpoint, NEW)
    told = by_clients(OPEN_INFERENCE, endpoint, "payments", json.dumps(NEW))
    assert len({answer.pop("id") for answer in [*told, expected]}) == 3
    expected["probability"] = pytest.approx(expected["probability"], abs=1e-6)
    assert told == [expected] * 2


def test_bentomls_own_clients_ask(endpoint: str) -> None:
    expected = ask(endpoint, NEW)
    del expected["id"]  # which every answer has of its own
    told = by_clients(CLIENTS, endpoint, json.dumps(NEW))
    expected["probability"] = pytest.approx(expected["probability"], abs=1e-6)  # answered beside others it may differ
    assert len({answer.pop("id") for answer in told["one"]}) == 7
    assert told["one"] == [expected] * 7
    assert {key: told["explained"][key] for key in expected} == expected
    assert told["known"] == [{"recorded": 1, "known": 1}] * 2
    assert "amount: field required" in told["refused"]


def test_a_wrong_record_in_a_list_leaves_nothing_behind(packaged: tuple[Project, str], tmp_path: Path) -> None:
    with serving(packaged, tmp_path) as (url, _):
        good = [{**NEW, "transaction_id": NEW["transaction_id"] + step} for step in range(5)]
        bad = {**NEW, "time": "2200-01-01T00:00:00"}
        assert httpx.post(f"{url}/predict", json=[*good, bad]).status_code == 400
        alone = value_of("customer_id_count_1d", url, NEW)
        assert value_of("customer_id_count_1d", url, {**NEW, "transaction_id": 99_000_000}) == alone + 1


def test_where_the_caller_remembers_the_endpoint_does_not(payments: Project, tmp_path: Path) -> None:
    payments.params("delay: 3\n", "delay: 3\n      history: caller\n")
    payments.run("dvc", "repro")
    bento = payments.run("python", "-c", PACKAGE.replace("digits", "payments"), "1", PYTHONPATH=".").split()[-1]
    data = data_of(payments)
    with serving((payments, bento), tmp_path) as (url, _):
        answers = ask(url, requests(data, range(50), False))
        told = [answer["probability"] for answer in answers]
        assert told == pytest.approx(expected(payments, data)[:50], abs=1e-6)
        assert httpx.post(f"{url}/labels", json={"transaction_id": 1, "label": True}).json() == {
            "recorded": 1,
            "known": 0,
        }
        assert not list(tmp_path.glob("*.db"))
        refused = httpx.post(f"{url}/predict", json=NEW)
        assert "customer_id_count_1d: field required" in refused.json()["error"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("train: {epochs", "train: {labels: none, epochs"),
        ("train: {epochs", "train: {autoencoder: true, autoencoder_epochs: 1, epochs"),
        ("delay: 3\n", "delay: 3\n      labelled: 0.5\n"),
    ],
)
def test_it_learns_without_labels_or_with_few(old: str, new: str, payments: Project) -> None:
    payments.params(old, new)
    payments.run("dvc", "repro")
    metrics = json.loads((artifacts("payments", "report") / "metrics.json").read_text())
    prevalence = float(np.mean(data_of(payments).labels("test")))
    assert metrics["average_precision"] > 2 * prevalence
    assert {"baseline_average_precision", "roc_auc", "card_precision_100", "cost_per_1000"} <= set(metrics)
    assert "threshold" in Bundle(artifacts("payments", "bundle")).about.decision


def test_a_table_may_have_labels_for_the_evaluation_alone(payments: Project) -> None:
    source = payments.path.parent / "payments.parquet"
    records = pl.read_parquet(artifacts("payments", "raw") / "records.parquet")
    evaluated = pl.col("time") >= pl.col("time").max() - pl.duration(days=5)
    records.with_columns(pl.when(evaluated).then(pl.col("fraud"))).write_parquet(source)
    payments.params("datasets/few.yaml", str(source))
    said = payments.fail("dvc", "repro")
    assert "error: no label of the train split is known; learn without, by train.labels: none" in said
    payments.params("train: {epochs", "train: {labels: none, epochs")
    payments.run("dvc", "repro")
    assert "average_precision" in (artifacts("payments", "report") / "metrics.json").read_text()


@pytest.mark.parametrize(
    ("corrupt", "sentence"),
    [
        (lambda text: text.replace("\n", "\n1,2,3,4,5,6,7,8,9\n", 3), r"payments\.csv: line \d+"),
        (lambda text: text.replace("amount", "amuont"), r"column 'amount'.*amuont"),
        (lambda text: text.partition("\n")[0] + "\n", r"payments\.csv: .*no rows"),
        (lambda text: "", r"payments\.csv: .*empty"),
    ],
)
def test_a_corrupted_table_is_one_line_and_leaves_nothing(corrupt: Any, sentence: str, payments: Project) -> None:
    source = payments.path.parent / "payments.csv"
    pl.read_parquet(artifacts("payments", "raw") / "records.parquet").write_csv(source)
    source.write_text(corrupt(source.read_text()))
    payments.params("datasets/few.yaml", str(source))
    said = payments.fail("dvc", "repro")
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert re.search(sentence, line), line
    assert "Traceback" not in said
    assert list(Path("artifacts").rglob("*draft*")) == []


def test_mlflow_loads_it_and_the_row_brings_its_windows(payments: Project) -> None:
    payments.run("python", "-c", "from tests.registering import registered; registered('payments')", PYTHONPATH=".")
    data = data_of(payments)
    rows = requests(data, range(40), True)
    Path("rows.json").write_text(json.dumps(rows))
    there = {"MLFLOW_TRACKING_URI": f"sqlite:///{payments.path}/state/mlflow/mlflow.db", "PYTHONPATH": ""}
    told = payments.run(sys.executable, "-c", PREDICT, "rows.json", **there).splitlines()[-1]
    assert json.loads(told) == pytest.approx(expected(payments, data)[:40].tolist(), abs=1e-6)


PREDICT = """
import json, sys, mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/payments@champion")
rows = pd.DataFrame(json.load(open(sys.argv[1])))
said = model.predict(rows)
assert "torch" not in sys.modules
print([share[1] for share in said["probabilities"]])
"""


def ask(url: str, content: Any, client: Any = httpx) -> Any:
    answer = client.post(f"{url}/predict", json=content, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def explained(url: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    answer = httpx.post(f"{url}/explain", json=row)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["explanation"])


def value_of(feature: str, url: str, row: dict[str, Any]) -> float:
    """Return a feature as the endpoint sees it."""
    (effect,) = [effect for effect in explained(url, row) if effect["feature"] == feature]
    return float(effect["value"])


@contextmanager
def serving(
    packaged: tuple[Project, str], memory: Path, workers: int = 1
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Serve a Bento on a free port of loopback, with a memory in a folder of its own."""
    project, bento = packaged
    port = free_port()
    with (memory / "log").open("w") as log:
        server = subprocess.Popen(
            ["bentoml", "serve", bento, "--port", str(port)],
            cwd=memory,
            env={
                **project.environment(),
                "JOURNEYMAN_MEMORY": f"sqlite:///{memory}/memory.db",
                "BENTOML_CONFIG_OPTIONS": f"services.payments.workers={workers}",
            },
            stdout=log,
            stderr=log,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _ready(url, server, memory / "log")
            yield url, server
        finally:
            if server.poll() is None:
                end(server)


def _ready(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/readyz", timeout=1).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())
