"""Answers about lists are no interactions: they say neither who was asked about nor when; the shop's own records do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from components.config.errors import DataError
from components.kinds.logged import LoggedRow

if TYPE_CHECKING:
    import pyarrow as pa


def takes_unlabelled(workload: Any) -> bool:
    """Return no: a list that nothing followed is no interaction."""
    return False


def raw(rows: Sequence[LoggedRow], schema: "pa.Schema", workload: Any) -> "pa.Table":
    """Refuse.

    Raises:
        DataError: always.
    """
    raise DataError(
        "the log of suggestions says neither who took something nor when: put new files of interactions into the "
        "workload's folder of data/inbox, and they are learned from with the others"
    )
