"""What is asked of an endpoint at work, as the story has it: pictures, or payments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Answer = Mapping[str, Any]
"""As the endpoint sends it."""


@dataclass(frozen=True)
class Example:
    """One that is asked about."""

    content: bytes | Mapping[str, Any]
    """The body of its request, or a record."""
    truth: str
    """Its label."""
    miss: float = 1.0
    """What it costs where it is answered wrongly; of a payment: where it is a fraud that is not flagged."""
    changed: bool = False
    """Whether it is of what nobody has seen before."""
    told: bool = True
    """Whether a caller says later what it was."""


class Work(Protocol):
    """A workload of the story."""

    @property
    def workload(self) -> str:
        """Its key in `params.yaml`."""
        ...

    @property
    def params(self) -> str:
        """All of `params.yaml`."""
        ...

    @property
    def begins(self) -> int:
        """The day on which something becomes otherwise, from 0."""
        ...

    @property
    def days(self) -> int:
        """How many there are."""
        ...

    @property
    def change(self) -> str:
        """What becomes otherwise, in a sentence."""
        ...

    @property
    def at_once(self) -> int:
        """Examples in a request."""
        ...

    @property
    def delay(self) -> int:
        """Days until its labels come."""
        ...

    @property
    def wrong(self) -> str:
        """A label that stands for a whole class, where one floods."""
        ...

    def begin(self, project: Path) -> None:
        """Write what the project is trained on, before it is."""
        ...

    def day(self, day: int) -> Sequence[Example]:
        """Return what is asked on a day, from 0, in its order."""
        ...

    def cost(self, example: Example, said: str) -> float:
        """Return what it costs to answer `said`."""
        ...

    def turned(self, label: str) -> str:
        """Return another label than this one."""
        ...
