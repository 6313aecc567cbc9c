"""What the registry knows of a version that is to be made again."""

import hashlib

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from components.config.errors import RegistryError
from components.registry.artifacts import downloaded
from components.registry.lineage import LINEAGE, PREFIX, Lineage
from components.registry.register import Version, as_version
from components.tracking.store import missing, open_client


def find(workload: str, number: str) -> tuple[Version, Lineage]:
    """Return the version and its lineage.

    Raises:
        RegistryError: there is no such version, or its lineage is not there, not whole or not what was registered.
    """
    client = open_client()
    known = _model_version(client, workload, number)
    expected = known.tags.get(f"{PREFIX}lineage_sha256")
    if expected is None:
        raise RegistryError(f"{workload} version {number} is from before lineage was kept; it cannot be made again")
    return as_version(known), _lineage(f"models:/{workload}/{number}/{LINEAGE}", expected)


def _model_version(client: MlflowClient, workload: str, number: str) -> ModelVersion:
    try:
        return client.get_model_version(workload, number)
    except MlflowException as error:
        if not missing(error):
            raise
        numbers = sorted(int(known.version) for known in client.search_model_versions() if str(known.name) == workload)
        there = f"it has {', '.join(map(str, numbers))}" if numbers else "there is none of that name"
        raise RegistryError(f"{workload} has no version {number}; {there}") from error


def _lineage(address: str, expected: str) -> Lineage:
    try:
        with downloaded(address) as path:
            content = path.read_bytes()
    except (MlflowException, OSError) as error:
        raise RegistryError(f"{address} cannot be fetched ({error}); was its artifact store deleted?") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise RegistryError(f"{address} is not what was registered: its artifacts were changed")
    try:
        return Lineage.model_validate_json(content)
    except ValidationError as error:
        raise RegistryError(f"{address} is of another format than this code reads; rebuild with newer code") from error
