"""What the flows use of Prefect that its documentation does not name."""

from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

SERVER_APP = "prefect.server.api.server:create_app"
"""What makes the server's application, for `uvicorn --factory`: `prefect server start` would outlive a killed flow."""

SERVER_VARIABLES = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
"""What Prefect sets for the server that it starts for a single flow: without them it has a page and schedules runs."""

CHATTY_LOGGERS = ("prefect.events", "prefect._internal")
"""They warn of a server that ends with the flow."""


def drain(timeout: float) -> None:
    """Send the logs and events that wait, each for at most `timeout` seconds, before the server ends."""
    APILogWorker.drain_all(timeout=timeout)
    EventsWorker.drain_all(timeout=timeout)
