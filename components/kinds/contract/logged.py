"""`logged.py`: answers of the prediction log -> raw records. A kind may do without: it does not learn from its work."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from components.kinds.logged import LoggedRow

if TYPE_CHECKING:
    import pyarrow as pa


class Logged(Protocol):
    """`logged.py`."""

    def takes_unlabelled(self, workload: Any, /) -> bool:
        """Return whether answers without a label are records too; `workload` is its section of `params.yaml`."""

    def raw(self, rows: Sequence[LoggedRow], schema: "pa.Schema", workload: Any, /) -> "pa.Table":
        """Return the answers as raw records.

        Args:
            rows: the answers.
            schema: of the raw records that the source gave.
            workload: its section of `params.yaml`.

        Raises:
            DataError: they cannot be such records.
        """


class LoggedByTime(Logged, Protocol):
    """`logged.py` of a kind whose splits may be spans of time, so that the latest answers are not trained on."""

    def held_back(self, workload: Any, /) -> float:
        """Return the last days of the labelled records, which a training does not learn from; 0: splits are drawn."""


class LoggedUnlabelled(Logged, Protocol):
    """`logged.py` of a kind whose sections may ask for answers without labels."""

    def raw_unlabelled(self, rows: Sequence[LoggedRow], /) -> "pa.Table":
        """Return the answers as raw records without a label."""
