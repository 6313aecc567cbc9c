"""What the registered versions of a workload were made of."""

from mlflow.exceptions import MlflowException

from components.config.errors import RegistryError
from components.internals.mlflow import is_local
from components.registry.lineage import Lineage
from components.registry.rebuild.find import find
from components.tracking.store import missing, open_client


def lineages(workload: str) -> dict[str, Lineage]:
    """Return the lineage of each version by its number, the oldest first; one without is left out."""
    found = {}
    for number in _numbers(workload):
        try:
            found[number] = find(workload, number)[1]
        except RegistryError:
            continue
    return found


def stored_elsewhere(workload: str) -> list[str]:
    """Return the versions whose artifacts are not files of this machine."""
    return [number for number in _numbers(workload) if not is_local(f"models:/{workload}/{number}")]


def _numbers(workload: str) -> list[str]:
    try:
        versions = open_client().search_model_versions(f"name = '{workload}'")
    except MlflowException as error:
        if missing(error):
            return []
        raise
    return sorted((str(version.version) for version in versions), key=int)
