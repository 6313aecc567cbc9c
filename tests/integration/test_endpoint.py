"""What a served endpoint does when its processes are told to stop, or are killed."""

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from tests.conftest import Project
from tests.integration.test_bento import _picture, packaged, serving
from tests.processes import child, running

__all__ = ["packaged"]
REQUEST = b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"


def test_a_form_and_a_bare_body_are_answered_alike_byte_for_byte(packaged: tuple[Project, str]) -> None:
    with _endpoint(packaged) as url:
        bare = httpx.post(f"{url}/predict", content=_picture())
        form = httpx.post(f"{url}/predict", files={"picture": _picture()})
        assert bare.content.partition(b',"id"')[0] == form.content.partition(b',"id"')[0]
        assert bare.json().keys() == form.json().keys()
        assert bare.json()["id"] == bare.headers["x-prediction-id"] != form.headers["x-prediction-id"]
        assert bare.headers["content-type"] == form.headers["content-type"]
        assert "swagger" in httpx.get(f"{url}/docs").text.lower()


def test_sigterm_lets_requests_end_refuses_new_ones_and_exits_0(packaged: tuple[Project, str]) -> None:
    with _endpoint(packaged) as url:
        supervisor, port = _supervisor(url), int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as begun:
            begun.sendall(REQUEST % len(_picture()) + _picture()[:10])
            time.sleep(0.2)
            supervisor.send_signal(signal.SIGTERM)
            time.sleep(1.5)
            with pytest.raises(ConnectionError):
                socket.create_connection(("127.0.0.1", port)).close()
            begun.sendall(_picture()[10:])
            assert begun.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        assert supervisor.wait(60) == 0


def test_a_killed_worker_is_replaced_and_takes_no_more_along_than_it_had_in_hand(packaged: tuple[Project, str]) -> None:
    clients, failed, ended = 4, list[str](), threading.Event()

    def load(url: str) -> int:
        answered = 0
        with httpx.Client(timeout=30) as client:
            while not ended.is_set():
                try:
                    answered += client.post(f"{url}/predict", content=_picture()).raise_for_status().is_success
                except httpx.HTTPError as error:
                    failed.append(repr(error))
        return answered

    with _endpoint(packaged) as url, ThreadPoolExecutor(clients) as pool:
        under_way = [pool.submit(load, url) for _ in range(clients)]
        try:
            time.sleep(0.5)
            (worker,) = _workers(url)
            worker.kill()
            _until(lambda: _workers(url) not in ([], [worker]))
            assert httpx.get(f"{url}/readyz", timeout=30).is_success
        finally:
            ended.set()
        assert min(thread.result() for thread in under_way) > 0
    assert len(failed) <= clients, failed


def test_whatever_was_answered_is_in_the_log_once_whoever_is_killed(
    packaged: tuple[Project, str], tmp_path: Path
) -> None:
    """Two workers under load, killed in turn, while the log is compacted; `benchmarks/killing.py` kills more."""
    answered, ended = dict[str, tuple[bytes, str]](), threading.Event()

    def load(url: str) -> None:
        with httpx.Client(timeout=30) as client:
            while not ended.is_set():
                with contextlib.suppress(httpx.HTTPError):
                    answer = client.post(f"{url}/predict", content=_picture())
                    if answer.is_success:
                        answered[answer.headers["x-prediction-id"]] = (answer.content, answer.headers["x-request-id"])

    workers = {"JOURNEYMAN_LOG_DIR": str(tmp_path), "BENTOML_CONFIG_OPTIONS": "services.digits.workers=2"}
    with _endpoint(packaged, workers) as url, ThreadPoolExecutor(4) as pool:
        under_way = [pool.submit(load, url) for _ in range(4)]
        try:
            for _ in range(3):
                _kill_one(url, enough=len(answered) + 50, answered=answered)
                compact(tmp_path / "digits")
        finally:
            ended.set()
        for thread in under_way:
            thread.result()
    batches = Log.open(tmp_path / "digits").answers(columns=["id", "answer", "request_id", "version"])
    kept = [row for batch in batches for row in batch.to_pylist()]
    assert len({row["id"] for row in kept}) == len(kept) >= len(answered) > 150
    logged = {row["id"]: row for row in kept}
    for event, (body, request) in answered.items():
        assert logged[event] == {"id": event, "answer": body.decode(), "request_id": request, "version": "1"}


def _kill_one(url: str, answered: Mapping[str, object], enough: int) -> None:
    """Kill a worker of two once so many are answered, and wait for the one that comes in its place."""
    _until(lambda: len(answered) > enough and len(_workers(url)) == 2)
    victim = _workers(url)[0]
    victim.kill()
    _until(lambda: victim not in _workers(url))


def _endpoint(packaged: tuple[Project, str], variables: Mapping[str, str] | None = None) -> Any:
    project, bento = packaged
    return serving(project, bento, cwd=project.path.parent, variables=variables)


def _supervisor(url: str) -> psutil.Process:
    return child(url.rpartition(":")[2])


def _workers(url: str) -> list[psutil.Process]:
    return running(_supervisor(url).children(), "_bentoml_impl.worker.service")


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
