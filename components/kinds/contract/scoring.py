"""`scoring.py`: very many rows at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from components.kinds.contract.codec import Row
from components.kinds.contract.parameters import InputT

Observations = Mapping[str, NDArray[Any]]
"""What the rows of a sequence have to know of each other, arrays by name; the first axis of each counts rows."""


class SequenceMemory(Protocol):
    """What rows are read with that come in a sequence: one process sees all of them, in their order."""

    def examples(self, observations: Observations, /) -> NDArray[Any]:
        """Return `[N, ...]` as the model takes them of rows that follow those given before, and remember them.

        Raises:
            DataError: they are not in an order that can be remembered.
        """


class Scoring(Protocol[InputT]):
    """`scoring.py`: very many rows from files, answered as an endpoint would that is asked them in their order."""

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802 - a constant
        """Of the files in a folder that are one row each; none: rows come in tables alone."""

    def is_row(self, path: str, /) -> bool:
        """Whether the file is one row: by its name, else by its content."""

    CHUNK_ROWS: int
    """Rows that are handed to a process at a time."""
    READ_ROWS: int
    """Rows that are read at once; where one of them cannot be, each is read alone."""

    def fields(self, input: InputT, /) -> dict[str, tuple[str, bool]]:
        """Name the fields that a row brings, as `Codec.fields` does."""

    def identity(self, input: InputT, /) -> str | None:
        """Return the field that is a row's id, if there is one."""

    def memory(self, input: InputT, files: Path, /) -> SequenceMemory | None:
        """Return what is known before the first row; None: no row depends on another, a `Reader` reads them."""

    def observations(self, rows: Sequence[Row], input: InputT, /) -> Observations:
        """Return what a `SequenceMemory` observes of `rows`, the first axis counts them; any process can do this.

        Raises:
            BadRequest: a row cannot be read.
        """
