"""The gate: which version is at work. First form: a challenger must have the higher test metric.

Of one training, in float32 or int8, that one is at work which `evaluate` has chosen: int8 is within its margin then.
"""

import logging
from dataclasses import dataclass

from mlflow.exceptions import MlflowException

from components.config.files import locked
from components.registry.register import Version, as_version, registry_lock
from components.tracking.store import Store, missing, open_store

logger = logging.getLogger(__name__)

CHAMPION = "champion"
PROMOTED = "journeyman.promoted"
"""Tag of a version that has been champion. If it is not now, somebody took it back, and the gate leaves it so."""


@dataclass(frozen=True)
class Verdict:
    """What the gate decided."""

    champion: Version
    """At work after the decision."""
    promoted: bool
    reason: str


def promote(challenger: Version) -> Verdict:
    """Make the challenger champion if there is none yet, or if it is better than the one that there is.

    It is if its test metric is higher, or if it is the champion's own training in another precision. Who moves the
    alias by hand overrules the gate: a version that was champion before is not promoted again.
    """
    store, name = open_store(challenger.workload), challenger.workload
    with locked(registry_lock(name)):
        current = champion(name, store)
        known = PROMOTED in store.client.get_model_version(name, challenger.number).tags
        verdict = _judge(challenger, current, known)
        if verdict.promoted:
            store.client.set_registered_model_alias(name, CHAMPION, challenger.number)
        if verdict.promoted and current and current.run_id == challenger.run_id:  # nobody took it back, it may return
            store.client.delete_model_version_tag(name, current.number, PROMOTED)
        if verdict.champion == challenger and not known:
            store.client.set_model_version_tag(name, challenger.number, PROMOTED, "true")
    logger.info("%s: %s", challenger.workload, verdict.reason)
    return verdict


def champion(name: str, store: Store | None = None) -> Version | None:
    """Return the version of the registered model `name` that is at work, or None."""
    store = store or open_store(name)
    try:
        return as_version(store.client.get_model_version_by_alias(name, CHAMPION))
    except MlflowException as error:
        if missing(error):
            return None
        raise


def _judge(challenger: Version, current: Version | None, known: bool) -> Verdict:
    if current is None:
        return Verdict(challenger, True, f"version {challenger.number} is the first champion")
    if challenger.number == current.number:
        return Verdict(current, False, f"version {current.number} is champion already")
    if known:
        return Verdict(current, False, f"version {current.number} stays, version {challenger.number} was taken back")
    replaces = f"version {challenger.number} replaces version {current.number}"
    values = f"{challenger.metric} {challenger.value:.4f} against {current.value:.4f}"
    if challenger.value > current.value:
        return Verdict(challenger, True, f"{replaces}: {values}")
    if challenger.run_id == current.run_id and challenger.precision != current.precision:
        return Verdict(challenger, True, f"{replaces}, the same training in {challenger.precision}: {values}")
    return Verdict(
        current, False, f"version {current.number} stays, version {challenger.number} is not better: {values}"
    )
