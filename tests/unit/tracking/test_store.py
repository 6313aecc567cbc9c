"""The store is opened once, and an error is taken for absence only where the store says that there is nothing."""

import shutil
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.tracking.runs import run_of_record
from components.tracking.store import Store, missing, open_client, open_store

NO_RUN = "0" * 32


@pytest.fixture
def client(mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{shutil.copy(mlflow_database, tmp_path)}")
    monkeypatch.chdir(tmp_path)
    return open_client()


def test_a_folder_has_one_client(client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_client() is client
    assert open_store("cups").client is client
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{shutil.copy(tmp_path / 'mlflow.db', tmp_path / 'other.db')}")
    assert open_client() is not client, "it is another store"


@pytest.mark.parametrize(
    ("ask", "absent"),
    [
        (lambda client: client.get_run(NO_RUN), True),
        (lambda client: client.get_registered_model("cups"), True),
        (lambda client: client.get_model_version("cups", "1"), True),
        (lambda client: client.set_registered_model_alias("cups", "champion", "1"), True),
        (lambda client: client.get_run("../runs"), False),
        (lambda client: client.get_registered_model(""), False),
        (lambda client: client.get_model_version("cups", "one"), False),
    ],
)
def test_a_malformed_question_is_no_absence(
    client: MlflowClient, ask: Callable[[MlflowClient], object], absent: bool
) -> None:
    with pytest.raises(MlflowException) as caught:
        ask(client)
    assert missing(caught.value) is absent


@pytest.mark.parametrize("status", [400, 404, 503])
def test_what_a_proxy_answers_for_a_server_that_is_out_is_no_absence(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with HTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        store = Store(MlflowClient(f"http://127.0.0.1:{proxy.server_port}"), "0")
        with pytest.raises(MlflowException) as caught:
            run_of_record(store, {"run_id": NO_RUN})
        proxy.shutdown()
    assert not missing(caught.value)
