"""An answer of the prediction log, as it becomes a record to learn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class LoggedRow:
    """One answer, and what is known to have become of it."""

    id: str
    """The event id."""
    record: Mapping[str, Any] | None
    """As it came; None: the example says all of it."""
    example: NDArray[Any]
    """As the model took it."""
    label: str | float | None
    """The name of its class, or its number; None: it is not known."""
    time: datetime | None = None
    """When the label became true, as far as that is said; else when it was answered."""
    share: float | None = None
    """The probability with which the label was asked for, or what was taken was shown; None: it is not said."""
