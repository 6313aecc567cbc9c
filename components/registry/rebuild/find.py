"""What the registry knows of a version that is to be made again."""

import hashlib
from importlib import metadata

from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from components.config.errors import RegistryError
from components.registry.lineage import LINEAGE, PREFIX, Lineage
from components.registry.version import Version, get_version


def find(workload: str, number: str) -> tuple[Version, Lineage]:
    """Return the version and its lineage.

    Raises:
        RegistryError: there is no such version, its lineage is not there, not whole or not what was registered, or a
            package is not installed that its kind or task is of.
    """
    version = get_version(workload, number)
    expected = version.tags().get(f"{PREFIX}lineage_sha256")
    if expected is None:
        raise RegistryError(f"{workload} version {number} is from before lineage was kept; it cannot be made again")
    made_of = _lineage(version, expected)
    for requirement in made_of.extensions:
        _check_installed(requirement, f"{workload} version {number}")
    return version, made_of


def _check_installed(requirement: str, what: str) -> None:
    name, _, wanted = requirement.partition("==")
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        found = ""
    if found != wanted:
        instead = f"but {found} is installed" if found else "which is not installed"
        raise RegistryError(f"{what} was made with {requirement}, {instead}: install that version of {name}")


def _lineage(version: Version, expected: str) -> Lineage:
    address = f"{version.uri}/{LINEAGE}"
    try:
        with version.fetched(LINEAGE) as path:
            content = path.read_bytes()
    except (MlflowException, OSError) as error:
        raise RegistryError(f"{address} cannot be fetched ({error}); was its artifact store deleted?") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise RegistryError(f"{address} is not what was registered: its artifacts were changed")
    try:
        return Lineage.model_validate_json(content)
    except ValidationError as error:
        raise RegistryError(f"{address} is of another format than this code reads; rebuild with newer code") from error
