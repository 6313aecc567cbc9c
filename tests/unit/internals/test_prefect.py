"""The names of Prefect that `components/internals/prefect.py` uses are in the pinned version."""

from importlib import import_module
from importlib.metadata import files, version

import pytest

LOST = f"Prefect {version('prefect')} has no {{}} any more: mend components/internals/prefect.py"


@pytest.mark.parametrize("name", ["prefect.events.worker.EventsWorker", "prefect.logging.handlers.APILogWorker"])
def test_what_waits_can_be_sent(name: str) -> None:
    module, _, worker = name.rpartition(".")
    assert hasattr(getattr(import_module(module), worker, None), "drain_all"), LOST.format(f"{name}.drain_all")
    import_module("components.internals.prefect").drain(0.1)


def test_the_server_is_at_its_address_and_reads_the_variables() -> None:
    """In its source: importing the server takes ten seconds."""
    prefect = import_module("components.internals.prefect")
    module, _, factory = prefect.SERVER_APP.partition(":")
    (server,) = [file for file in files("prefect") or [] if file.as_posix() == f"{module.replace('.', '/')}.py"]
    code = server.read_text()
    assert f"def {factory}(" in code, LOST.format(prefect.SERVER_APP)
    for name in prefect.SERVER_VARIABLES:
        assert f'"{name}"' in code, LOST.format(name)


def test_the_loggers_are_those_of_its_modules() -> None:
    for name in import_module("components.internals.prefect").CHATTY_LOGGERS:
        assert import_module(name), LOST.format(name)
