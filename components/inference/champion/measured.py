"""What endpoints have measured of a version in the champion's shadow, beside the pointer to it.

    <address>/<workload>/measured-<id>/<worker>.json    what one worker has measured beside one champion

Each worker writes a file of its own, at most once a minute, so nobody waits for anybody; who reads adds them up.
"""

import logging
import time
from collections.abc import Callable
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from components.config.errors import PublishedError
from components.inference.champion.published import FORMAT, as_bytes
from components.inference.champion.tried import parsed
from components.inference.engine.shadow import Measured, Shadow
from components.inference.engine.trial import TrialId
from components.system.address import Address

logger = logging.getLogger(__name__)

_PAUSE = 60.0  # seconds between two writings of a worker


class Said(BaseModel):
    """What the file of a worker says. Seconds are those of a processor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    id: TrialId
    """Of the trial."""
    version: str
    against: str
    """The champion beside which it was measured."""
    runs: int = Field(ge=1)
    slow: int = Field(ge=0)
    """Runs in which it took longer than `gate.cost` allows."""
    examples: int = Field(ge=1)
    seconds: float = Field(ge=0.0)
    """Of the version, for all examples."""
    champion_seconds: float = Field(ge=0.0)
    """Of the champion, for the same."""


class MeasuredWriter:
    """Writes down what a worker measures. Lives in the follower's thread."""

    def __init__(self, address: Address, workload: str, measured: Callable[[], Shadow | None]) -> None:
        """Write what `measured` returns, if that is anything."""
        self._address, self._workload, self._measured = address, workload, measured
        self._shadow: Shadow | None = None
        self._name = ""
        self._written = 0
        self._next = float("-inf")
        self._told = False

    def look(self) -> None:
        """Write, if anything has been measured since, and that is due; where it cannot be, say so once."""
        if (shadow := self._measured()) is None:
            self._shadow = None
            return
        if shadow is not self._shadow:
            self._shadow, self._written = shadow, 0
            self._name = f"{_folder(self._workload, shadow.trial.id)}/{uuid4().hex}.json"
        found, trial = shadow.measured, shadow.trial
        if found.runs == self._written or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PAUSE
        said = Said(format=FORMAT, id=trial.id, version=trial.version, against=trial.against, **found._asdict())
        try:
            self._address.write(self._name, as_bytes(said))
            self._written = found.runs
        except PublishedError as error:
            if not self._told:
                logger.warning("%s; what is measured of version %s is in the metrics alone", error, trial.version)
            self._told = True


def read_measured(address: str, workload: str, id: str, against: str) -> Measured:
    """Return what all workers have measured of the trial of that id, beside the champion `against`.

    Raises:
        PublishedError: the address cannot be read, or what is there is of another format.
    """
    folder, total = Address(f"{address.rstrip('/')}/{_folder(workload, id)}"), Measured()
    for name in folder.names():
        if (content := folder.read(name)) is None or not name.endswith(".json"):
            continue
        said = parsed(Said, content, f"{folder}/{name}")
        if said.against == against:
            total = total.plus(Measured(said.runs, said.slow, said.examples, said.seconds, said.champion_seconds))
    return total


def _folder(workload: str, id: str) -> str:
    return f"{workload}/measured-{id}"
