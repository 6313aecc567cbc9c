"""The names of circus that `components/internals/circus.py` uses are in the pinned version."""

import socket
from types import FunctionType, SimpleNamespace
from typing import Any, cast

import circus
import pytest
from bentoml._internal.utils import circus as bentoml_circus
from circus.arbiter import Arbiter as Original
from circus.watcher import Watcher

from components.internals.circus import Arbiter, close_sockets, is_stopping, use_arbiter

LOST = f"circus {circus.__version__} has no {{}} any more: mend components/internals/circus.py"


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Original, "_stopping"),
        (Original, "loop"),
        (Original, "manage_watchers"),
        (Original, "sockets"),
        (Original, "watchers"),
        (Watcher, "is_stopped"),
        (Watcher, "respawn"),
    ],
)
def test_the_names_are_in_the_pinned_version(owner: type, name: str) -> None:
    methods = [value for value in vars(owner).values() if isinstance(value, FunctionType)]
    known = {*dir(owner), *(named for method in methods for named in method.__code__.co_names)}
    assert name in known, LOST.format(f"{owner.__name__}.{name}")


def test_bentoml_makes_its_supervisor_of_the_class_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bentoml_circus, "Arbiter", Arbiter)

    class Other(Arbiter):
        pass

    use_arbiter(Other)
    arbiter = bentoml_circus.create_standalone_arbiter([])
    assert type(arbiter) is Other, LOST.format("Arbiter, as BentoML makes it,")
    assert not is_stopping(_with_a_watcher(arbiter, stopped=False))
    assert is_stopping(_with_a_watcher(arbiter, stopped=True))


def test_nobody_can_connect_to_what_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        close_sockets(cast("Any", SimpleNamespace(sockets={"http": listener})))
        with pytest.raises(OSError):
            socket.create_connection(listener.getsockname(), timeout=5)


def _with_a_watcher(arbiter: Arbiter, stopped: bool) -> Arbiter:
    arbiter.watchers = [SimpleNamespace(is_stopped=lambda: stopped)]
    return arbiter
