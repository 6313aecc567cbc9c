"""What endpoints measure of a version that is tried in the champion's shadow; for the flows that decide it."""

import os

from prefect import task
from prefect.cache_policies import NO_CACHE

from components import catalogue
from components.config.errors import DataError
from components.config.settings import CHAMPIONS
from components.inference.champion.measured import read_measured
from components.inference.champion.tried import stopped
from components.inference.engine.shadow import Measured
from components.inference.engine.trial import Trial
from components.registry.promotion.canary import takes_the_same
from components.registry.promotion.history import History
from components.registry.promotion.ledger import Ledger
from components.registry.version import find_version
from components.system.address import Address
from flows.tried import Due, allowed, tell

_RUNS, _SLOW = 20, 0.9
"""Runs of all endpoints together from which they count, and the part of them that may not be slow: as in one worker."""


@task(task_run_name="tell of shadow", cache_policy=NO_CACHE, persist_result=False)
def tell_of_shadow(workload: str) -> str:
    """Have the endpoints that follow measure the latest version that is tried; return what, in one line."""
    trial = tell(workload, "shadow", lambda: _due(workload))
    if trial is None:
        return ""
    return f"version {trial.version} is measured on {100 * trial.share:g} % of what version {trial.against} answers"


def stopped_by_endpoints(workload: str, version: str, champion: str) -> str:
    """Return why endpoints have the shadow of a version stopped; nothing: they have not.

    Raises:
        PublishedError: what they say cannot be read.
    """
    if (began := Ledger(workload).read().began(version, "shadow")) is None:
        return ""
    if stop := stopped(Address(os.environ[CHAMPIONS]), workload, began.id):
        return f"an endpoint stopped it at {stop.when:%Y-%m-%d %H:%M:%S}: {stop.why}"
    found = _measured(workload, began.id, champion)
    if found.runs < _RUNS or found.slow < _SLOW * found.runs:
        return ""
    return f"{found.slow:,} of {found.runs:,} runs took longer than gate.cost allows: {_said(found, champion)}"


def measured(workload: str, version: str, champion: str) -> str:
    """Return what a version's answers cost in the endpoints, beside the champion's; nothing: it is not to be measured.

    Raises:
        PublishedError: what they say cannot be read.
    """
    began = Ledger(workload).read().began(version, "shadow")
    found = _measured(workload, began.id, champion) if began else Measured()
    if found.runs:
        return _said(found, champion)
    return "no endpoint has measured it" if catalogue.workload(workload).gate.shadow_latency else ""


def _due(workload: str) -> Due:
    history, share = Ledger(workload).read(), catalogue.workload(workload).gate.shadow_latency
    over = history.last_shadow.id if history.last_shadow else None
    return Due(history, _trial(workload, history, share) if share else None, over)


def _trial(workload: str, history: History, share: float) -> Trial | None:
    """Return what endpoints are to measure; None: nothing is tried, or what is tried cannot be."""
    began, champion = history.shadow, history.champion
    challenger = find_version(workload, began.version) if began else None
    if began is None or champion is None or challenger is None or not takes_the_same(challenger, history):
        return None
    try:
        cost = allowed(workload)
    except DataError:  # nothing says what it may cost
        return None
    return Trial(
        id=began.id,
        version=began.version,
        against=champion,
        share=share,
        latency=cost.latency,
        milliseconds=cost.milliseconds,
    )


def _measured(workload: str, id: str, champion: str) -> Measured:
    return read_measured(os.environ[CHAMPIONS], workload, id, champion)


def _said(found: Measured, champion: str) -> str:
    own, its = (1e3 * seconds / found.examples for seconds in (found.seconds, found.champion_seconds))
    runs = f"{found.runs:,} run{'s' if found.runs > 1 else ''}"
    return f"{own:.2g} ms of a processor an example in the endpoint, version {champion} {its:.2g}, over {runs}"
