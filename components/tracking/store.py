"""MLflow's store: SQLite under state/, or the user's server; one experiment a workload."""

import logging
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.config.errors import ConfigError
from components.config.settings import RUN_ARTIFACTS, STATE, environment, tracking_uri
from components.system.relocation import follow_folder
from components.tracking.reach import REGISTRY, ask_tracking, is_database

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """An open store, and the experiment of one workload in it."""

    client: MlflowClient
    experiment: str
    """The experiment's id."""


def open_store(workload: str) -> Store:
    """Open the store and the workload's experiment; both are made at first use."""
    client = open_client()
    return Store(client, _experiment(client, workload))


def open_client() -> MlflowClient:
    """Open the store alone, to look into it; it is made at first use.

    A process opens the store of a folder once, and has the same client from then on.

    Raises:
        ConfigError: its server does not answer, or its address is none.
    """
    os.environ.update(environment(Path.cwd()))
    client = _client(Path.cwd(), tracking_uri(), os.environ.get(REGISTRY, ""))
    mlflow.set_tracking_uri(tracking_uri())  # creating a version from a logged model reads the global address
    return client


def missing(error: MlflowException) -> bool:
    """Whether `error` says that what was asked for is not there, and nothing else.

    A malformed name or id is another error: whoever takes one from a person checks it first.
    """
    return bool(error.error_code == "RESOURCE_DOES_NOT_EXIST")


@cache
def _client(root: Path, tracking: str, registry: str) -> MlflowClient:
    """Open the store of the project in `root`, after its addresses have followed the folder."""
    if followed := follow_folder(root):
        logger.warning(followed)
    ask_tracking()
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    return MlflowClient(tracking, registry or None)


def _experiment(client: MlflowClient, name: str) -> str:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name, artifact_location=_artifacts(name)))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        experiment = client.get_experiment_by_name(name)
    return str(experiment.experiment_id)


def _artifacts(experiment: str) -> str | None:
    """Return where artifacts go: beside the local database, by the setting beside another one, or as a server says."""
    if is_database(tracking_uri()) and (address := os.environ.get(RUN_ARTIFACTS)):
        if "://" not in address and not (path := Path(address)).is_absolute():
            raise ConfigError(f"{RUN_ARTIFACTS}: {address}: name the directory by its whole path, as {path.absolute()}")
        return f"{address.rstrip('/')}/{experiment}"
    if not tracking_uri().startswith("sqlite:"):
        return None
    return (Path.cwd() / STATE / "mlflow" / "artifacts").as_uri()
