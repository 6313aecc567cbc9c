"""One bundle, one version, whoever races: several machines may share a tracking server, and no lock.

MLflow numbers versions one after the other, so of those with one bundle the lowest counts, and stays the lowest: who
sees a higher one sees it too. Whoever comes upon the higher ones deletes them, also those of a process that was killed.
"""

import logging
from collections.abc import Callable
from contextlib import suppress

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.registry.logged_model import BUNDLE_HASH
from components.tracking.runs import RESTORED
from components.tracking.store import Store

logger = logging.getLogger(__name__)

_TRIES = 3


def only(store: Store, name: str, sha256: str, create: Callable[[], ModelVersion]) -> tuple[ModelVersion, bool]:
    """Return the version of the bundle with this hash, and whether it is the one that `create` has made now.

    `create` is tried again where it fails, since steps of several at once get in each other's way.
    """
    made, tries = None, _TRIES
    while not (found := _first(store, name, sha256)):
        try:
            made = create()
        except MlflowException as error:
            tries -= 1
            if not tries:
                raise
            logger.warning("%s: registering is tried again: %s", name, error.message)
    return found, made is not None and str(made.version) == str(found.version)


def _first(store: Store, name: str, sha256: str) -> ModelVersion | None:
    """Return the lowest version of the bundle, after deleting the others; None: there is none."""
    found = store.client.search_model_versions(f"name = '{name}' and tags.`{BUNDLE_HASH}` = '{sha256}'")
    first, *others = sorted(found, key=lambda version: int(version.version)) or [None]
    if first and others:
        aliases = store.client.get_registered_model(name).aliases.values()
        for other in others:
            if str(other.version) not in map(str, aliases):  # a person has a use for it
                _delete(store, other, first)
    return first


def _delete(store: Store, version: ModelVersion, first: ModelVersion) -> None:
    """Delete a version that a race has left, with what was logged for it alone."""
    logger.info("%s: version %s is version %s again, deleted", version.name, version.version, first.version)
    with suppress(MlflowException):  # somebody else is at it
        store.client.delete_model_version(version.name, str(version.version))
        if version.source != first.source:
            store.client.delete_logged_model(version.source.removeprefix("models:/"))
        if version.run_id != first.run_id and RESTORED in store.client.get_run(version.run_id).data.tags:
            store.client.delete_run(version.run_id)
