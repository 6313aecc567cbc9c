"""`erasure.py`: what of somebody a kind keeps beside its records. A kind may do without: then it keeps nothing."""

from pathlib import Path
from typing import Any, Protocol


class Erasure(Protocol):
    """`erasure.py`: by a column of the records, and a value as text."""

    BY_FILE: bool
    """Whether a record is a file, which its key names."""

    @property
    def KEPT(self) -> tuple[str, ...]:  # noqa: N802 - a constant
        """Names of the files below a bundle's `serving/` that have records of somebody."""

    def entities(self, workload: Any, /) -> tuple[str, ...]:
        """Return the columns that name somebody; `workload` is its section of `params.yaml`."""

    def key(self, workload: Any, /) -> str | None:
        """Return the column that is the caller's own key of a record; None: there is none."""

    def remembered(self, name: str, workload: Any, memory: str, column: str, value: str, /) -> list[str]:
        """Return the keys of the records that the memory at that address has of somebody.

        Raises:
            EndpointError: it does not answer.
        """

    def erase_remembered(self, name: str, workload: Any, memory: str, column: str, value: str, /) -> int:
        """Remove those records from the memory, which may be in use, to the last byte; return how many. Raises so too.

        No record of a time until now is ever seeded again.
        """

    def erase_kept(self, path: Path, workload: Any, column: str, value: str, draft: Path, /) -> int:
        """Write the file at `path`, one of `KEPT`, without somebody's records to `draft`; return how many it had.

        Where it has none, nothing is written. The same file gives the same bytes.
        """
