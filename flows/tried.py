"""What endpoints are told of versions that are tried: for the flows that decide it."""

import os
from collections.abc import Callable
from typing import NamedTuple

from components import catalogue
from components.config.gate import Cost
from components.config.settings import CHAMPIONS, artifacts
from components.inference.champion.position import Position
from components.inference.champion.tried import Role, publish_tried, withdraw_tried
from components.inference.engine.trial import Trial
from components.kinds.prepared import open_prepared
from components.registry.promotion.history import History
from components.registry.promotion.ledger import Ledger
from components.registry.version import get_version
from components.system.address import Address
from flows.release import is_own, older_registry


class Due(NamedTuple):
    """What endpoints are to be told."""

    history: History
    """That says so."""
    trial: Trial | None
    """None: nothing is tried."""
    over: str | None
    """The id of the trial that ended last; None: none has."""


def tell(workload: str, role: Role, due: Callable[[], Due]) -> Trial | None:
    """Have the endpoints that follow try what is due, or nothing, until it is due still after they were told.

    Raises:
        PublishedError: the address cannot be written, or knows more of the history than the registry.
    """
    address, now = os.environ[CHAMPIONS], due()
    alone = is_own(address)
    while True:
        history, trial, over = now
        position = Position(history.length, Ledger(workload).id) if history.length else None
        if trial is None:
            withdraw_tried(workload, address, position, over, alone, role)
            return None
        bundle = get_version(workload, trial.version).bundle()
        published = publish_tried(bundle, workload, trial, address, position, alone, role)
        now = due()
        if published and now.trial == trial:
            return trial
        if not published and now.history.length == history.length:
            raise older_registry(f"{Address(address)}/{workload}/{role}.json")


def allowed(workload: str) -> Cost:
    """Return what an answer may cost: the gate's limits.

    Raises:
        DataError: the prepared data is not there.
    """
    section = catalogue.workload(workload)
    data = open_prepared(artifacts(workload, "prepared"))
    return section.gate.cost.sensible(catalogue.decided(section, data).train.ordinary_cost(data.input))
