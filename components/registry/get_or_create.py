"""One bundle, one version, whoever races: several machines may share a tracking server, and no lock.

MLflow numbers versions one after the other, so of those with one bundle the lowest counts, and stays the lowest: who
sees a higher one sees it too. Whoever comes upon the higher ones deletes them, also those of a process that was killed.
What was logged for them goes later, when nobody can be at work on it: MLflow's client asks for minutes for a version of
a model that is gone.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.registry.version import BUNDLE_HASH
from components.tracking.runs import stand_ins
from components.tracking.store import Store

logger = logging.getLogger(__name__)

_TRIES = 3
_LONG = 600.0  # seconds after which nobody is at work on it any more


def get_or_create(
    store: Store, name: str, sha256: str, create: Callable[[], ModelVersion]
) -> tuple[ModelVersion, bool]:
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
    if first is None:
        return None
    aliases = [str(number) for number in store.client.get_registered_model(name).aliases.values()] if others else []
    for other in others:
        if str(other.version) not in aliases:  # else a person has a use for it
            logger.info("%s: version %s is version %s again, deleted", name, other.version, first.version)
            with suppress(MlflowException):  # somebody else is at it
                store.client.delete_model_version(name, str(other.version))
    with suppress(MlflowException):  # what is left lies in nobody's way
        _clear(store, sha256, first)
    return first


def _clear(store: Store, sha256: str, first: ModelVersion) -> None:
    """Delete what was logged of the bundle long ago for no version: by who lost a race, failed in it or was killed.

    What is young may be somebody's who is at work on it.
    """
    versions = store.client.search_model_versions(f"name = '{first.name}'")
    models, runs = {version.source for version in versions}, {version.run_id for version in versions}
    before = int((time.time() - _LONG) * 1000)
    of_bundle = f"tags.`{BUNDLE_HASH}` = '{sha256}'"
    for model in store.client.search_logged_models([store.experiment], filter_string=of_bundle):
        if f"models:/{model.model_id}" not in models and model.creation_timestamp < before:
            with suppress(MlflowException):  # somebody else is at it
                store.client.delete_logged_model(model.model_id)
    for run, made in stand_ins(store, store.client.get_run(first.run_id)).items():
        if run not in runs and made < before:
            with suppress(MlflowException):
                store.client.delete_run(run)
