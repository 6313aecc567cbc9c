"""What a served endpoint does when its processes are told to stop, or are killed."""

import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

from tests.conftest import Project
from tests.integration.test_bento import _picture, packaged, serving

__all__ = ["packaged"]
REQUEST = b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"


def test_a_form_and_a_bare_body_are_answered_alike_byte_for_byte(packaged: tuple[Project, str]) -> None:
    with _endpoint(packaged) as url:
        bare = httpx.post(f"{url}/predict", content=_picture())
        form = httpx.post(f"{url}/predict", files={"picture": _picture()})
        assert bare.content == form.content
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
        assert supervisor.wait(10) == 0


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
        time.sleep(0.5)
        (worker,) = _workers(url)
        worker.kill()
        _until(lambda: _workers(url) not in ([], [worker]))
        assert httpx.get(f"{url}/readyz", timeout=30).is_success
        ended.set()
        assert min(thread.result() for thread in under_way) > 0
    assert len(failed) <= clients, failed


def _endpoint(packaged: tuple[Project, str]) -> Any:
    project, bento = packaged
    return serving(project, bento, cwd=project.path.parent)


def _supervisor(url: str) -> psutil.Process:
    (process,) = [p for p in psutil.Process().children() if url.rpartition(":")[2] in p.cmdline()]
    return process


def _workers(url: str) -> list[psutil.Process]:
    alive = [p for p in _supervisor(url).children() if p.status() != psutil.STATUS_ZOMBIE]
    return [p for p in alive if "_bentoml_impl.worker.service" in p.cmdline()]


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
