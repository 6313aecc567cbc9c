"""A server that is dead, mute or another one is told in one line, before any work."""

import http.server
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from components.config.errors import ConfigError
from components.config.settings import environment
from components.system import servers as asking
from components.system.files import must_be_writable
from components.tracking import reach
from components.versioning.remote import ask_remote
from flows import servers


class _Answers(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path begins with, and a page."""

    def do_GET(self) -> None:
        status = self.path.split("/")[1]
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(b"<html>a page</html>")

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def answering() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that takes a connection and says nothing."""
    monkeypatch.setenv("JOURNEYMAN_SERVER_TIMEOUT", "0.2")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """An address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def refused(uri: str, registry: str = "") -> str:
    with pytest.raises(ConfigError) as told:
        asking.ask_servers(reach.servers(uri, registry))
    assert "\n" not in str(told.value)
    return str(told.value)


STATUS = {
    "401": "answers 401, access refused; see to MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_",
    "403": "answers 403, access refused; see to MLFLOW_TRACKING_USERNAME",
    "404": "answers 404: its path is not right, or it is another sort of server; start it, mend the address, or unset",
    "500": "answers 500: its own log says why; start it, mend the address, or unset MLFLOW_TRACKING_URI: then the st",
    "200": "answers, but is another sort of server; start it, mend the address, or unset MLFLOW_TRACKING_URI: then",
}


@pytest.mark.parametrize("status", STATUS)
def test_a_tracking_server_that_refuses_is_told(status: str, answering: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with reach.without_retries():
        assert refused(f"{answering}/{status}").startswith(
            f"MLFLOW_TRACKING_URI: {answering}/{status} {STATUS[status]}"
        )


def test_a_tracking_server_that_is_not_there_is_told(nobody: str, mute: str, tmp_path: Path) -> None:
    with reach.without_retries():
        assert "does not answer: nothing listens there; start it" in refused(f"http://{nobody}")
        assert "has a name that is not known here" in refused("http://nosuch.invalid:5000")
        assert "does not answer; start it" in refused(f"http://{mute}")
        store = f"sqlite:///{tmp_path}/mlflow.db"
        assert refused(store, f"http://{nobody}").startswith("MLFLOW_REGISTRY_URI: ")


def test_a_slow_server_is_waited_for_as_long_as_mlflow_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with reach.without_retries() as seconds:
        assert seconds == asking.WITHIN
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
    with reach.without_retries() as seconds:
        assert (seconds, os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]) == (60, "0")
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_a_database_that_is_not_there_is_told_without_its_password(nobody: str) -> None:
    told = refused(f"postgresql+pg8000://me:secret@{nobody}/mlflow")
    assert told.startswith(f"MLFLOW_TRACKING_URI: postgresql+pg8000://me:***@{nobody}/mlflow does not answer: nothing")
    assert "secret" not in told
    assert "type: .venv/bin/python -m pip install psycopg2-binary" in refused(f"postgresql://{nobody}/mlflow")


@pytest.mark.parametrize(
    ("uri", "line"),
    [
        ("htp://127.0.0.1:5000", "is no address of an MLflow server or database; say http://host:5000, "),
        ("127.0.0.1:5000", "is no address of an MLflow server or database; did you mean http://127.0.0.1:5000? Else"),
        ("mlflow.example.org", "did you mean http://mlflow.example.org? Else"),
        ("postgres://me:secret@db/m", "did you mean postgresql+pg8000://me:***@db/m? Else"),
        ("ftp://me:secret@db/m", "ftp://me:***@db/m is no address of an MLflow server"),
        ("/somewhere/mlruns", "is no address of an MLflow server or database; say"),
        ("sqlite://", "names no file, and every process would have a store of its own; say"),
        ("sqlite:////dev/null/mlflow.db", "/dev/null cannot be written: "),
        ("sqlite:///{here}/taken.db", "taken.db is no SQLite database; name another file, or put this one aside"),
    ],
)
def test_an_address_that_is_none_is_told_with_the_forms(uri: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "taken.db").write_text("something else entirely")
    assert line in refused(uri.format(here=tmp_path))


@pytest.mark.parametrize("uri", ["sqlite:///{here}/new/mlflow.db", "file://{here}/mlruns", "databricks"])
def test_what_can_be_used_is_not_held_up(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    assert reach.servers(uri.format(here=tmp_path)) == []


@pytest.mark.slow
def test_prefects_server_is_asked(answering: str, nobody: str) -> None:
    for url, line in {
        f"http://{nobody}/api": "does not answer: nothing listens there",
        f"{answering}/401/api": "answers 401, access refused; see to PREFECT_API_KEY or PREFECT_API_AUTH_STRING",
        f"{answering}/404": "answers 404: its path is not right",
        f"{answering}/200": "answers, but is another sort of server",
        "127.0.0.1:4200/api": "cannot be used (Request URL is missing an 'http://' or 'https://' protocol",
    }.items():
        with (
            temporary_settings({PREFECT_API_URL: url}),
            pytest.raises(ConfigError, match=re.escape(f"PREFECT_API_URL: {url} {line}")),
        ):
            asking.ask_servers(servers.prefect_servers(), 10.0)


def test_what_is_published_and_remembered_is_asked(
    nobody: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, address, line in [
        ("JOURNEYMAN_CHAMPIONS", "champions", r"champions: name the directory by its whole path"),
        ("JOURNEYMAN_CHAMPIONS", "file://champions", r"file://champions: name the directory by its whole path"),
        ("JOURNEYMAN_CHAMPIONS", "ftp://me:secret@host.invalid/x", r"ftp://me:\*\*\*@host.invalid/x: "),
        ("JOURNEYMAN_CHAMPIONS", "github://x", r"github://x: .*missing"),
        ("JOURNEYMAN_CHAMPIONS", "/dev/null/champions", r"/dev/null/champions cannot be written"),
        ("JOURNEYMAN_CHAMPIONS", f"http://{nobody}", "does not answer: nothing listens there"),
        ("JOURNEYMAN_MEMORY", f"postgresql://me:secret@{nobody}/x", "does not answer: nothing listens there"),
        ("JOURNEYMAN_MEMORY", "postgresql://me:secret@host:port/x", "the memory's address is none"),
        ("JOURNEYMAN_MEMORY", "sqlite:///memory.db", "name the memory's file by its whole path"),
        ("JOURNEYMAN_MEMORY", "redis://127.0.0.1", "the memory cannot be kept there"),
    ]:
        monkeypatch.setenv("JOURNEYMAN_CHAMPIONS", str(tmp_path))
        monkeypatch.setenv(name, address)
        with pytest.raises(ConfigError, match=f"^{name}: .*{line}"):
            asking.ask_servers([*servers._published(), *servers._memory()])
        monkeypatch.delenv(name)


def test_dvcs_remote_is_asked(nobody: str, tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    config = tmp_path / ".dvc" / "config"
    config.write_text(
        f"[core]\n    remote = far\n['remote \"far\"']\n    url = s3://b/x\n    endpointurl = http://{nobody}\n"
    )
    with pytest.raises(ConfigError, match=f"DVC's remote far: http://{nobody} does not answer: nothing listens there;"):
        ask_remote(tmp_path)
    for harmless in ("", "[core]\n    remote = far\n['remote \"far\"']\n    url = ../elsewhere\n"):
        config.write_text(harmless)
        ask_remote(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(ConfigError, match=r"^state: .*/state cannot be written: File exists; mend its rights"):
        must_be_writable(tmp_path / "state", "state")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"no_proxy": ".example.org, 127.0.0.1"}, ".example.org,127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "a.b"}, "a.b,localhost,127.0.0.1,::1"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_loopback_goes_past_the_proxy(
    said: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    variables = environment(tmp_path)
    assert variables["no_proxy"] == variables["NO_PROXY"] == expected
    os.environ.update(variables)
    assert environment(tmp_path)["no_proxy"] == expected


@pytest.mark.parametrize("said", ["soon", "0", "-1", "inf", "nan"])
def test_a_time_limit_that_is_none_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYMAN_SERVER_TIMEOUT", said)
    with pytest.raises(ConfigError, match=f"JOURNEYMAN_SERVER_TIMEOUT={said}: expected a number of seconds over zero"):
        asking.ask_servers([])
