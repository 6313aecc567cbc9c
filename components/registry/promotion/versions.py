"""The registered versions of a workload, found again: by number, or because they are at work."""

from mlflow.exceptions import MlflowException

from components.config.errors import RegistryError
from components.registry.promotion.aliases import CHAMPION, aliases
from components.registry.promotion.ledger import Ledger
from components.registry.register import Version, as_version
from components.tracking.store import missing


def champion(workload: str) -> Version | None:
    """Return the version that is at work; None: there is none."""
    ledger = Ledger(workload)
    return find(ledger, aliases(ledger).get(CHAMPION))


def find(ledger: Ledger, number: str | None) -> Version | None:
    """Return the version with this number; None: there is none."""
    if number is None:
        return None
    try:
        return as_version(ledger.client.get_model_version(ledger.workload, number))
    except MlflowException as error:
        if missing(error):
            return None
        raise


def version(ledger: Ledger, number: str | None) -> Version:
    """Return the version with this number.

    Raises:
        RegistryError: there is none.
    """
    if found := find(ledger, number):
        return found
    there = sorted(int(one.version) for one in ledger.client.search_model_versions(f"name = '{ledger.workload}'"))
    has = f"it has {', '.join(map(str, there))}" if there else f"`make run WORKLOAD={ledger.workload}` makes one"
    raise RegistryError(f"{ledger.workload} has no version {number}; {has}")
