"""`codec/`: what a caller sends <-> arrays, in both phases."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.kinds.contract.parameters import InputT

Row = Mapping[str, Any]
"""What a caller sends of one example, by the names of its fields: bytes for an upload, else JSON values."""

Score = Callable[[NDArray[Any]], NDArray[np.float32]]
"""Examples `[N, ...]` -> outputs `[N, K]`."""

Number = Callable[[NDArray[Any]], NDArray[np.float32]]
"""Variants of examples, as many of each example, one behind the other -> the number `[M]` that its answer stands on."""

Explain = Callable[[Number, NDArray[Any], InputT], Sequence[Sequence[BaseModel]]]
"""(number, examples `[N, ...]`, input) -> the effects that moved each answer, the strongest first."""


class Reader(Protocol):
    """Rows -> examples, in one worker of one endpoint. May remember rows, for features of those that follow."""

    batched_reads: bool
    """Whether many rows are read much faster at once than one by one."""

    def is_cheap(self, rows: Sequence[Row], /) -> bool:
        """Whether `read` of these rows takes well under a millisecond and waits for nobody."""

    def read(self, rows: Sequence[Row], /) -> NDArray[Any]:
        """Return `[N, ...]` as the model takes them.

        Raises:
            BadRequest: a row cannot be read; then none of them is remembered.
        """

    def warnings(self, rows: Sequence[Row], /) -> Mapping[int, Sequence[str]]:
        """Return what is unusual about `rows` that are answered all the same, a sentence each, by their index.

        Ordinary rows are left out. Where there is such a sentence, the row's answer has a field `warnings`.
        """

    def record_labels(self, labels: Sequence[Row], /) -> int:
        """Take what became of rows read before; return how many of them are remembered.

        Each has the caller's own id of the row, by its name, and `label`: 1 positive, 0 not, -1 neither.
        """

    def close(self) -> None:
        """Let go of what is held open."""


class Codec(Protocol[InputT]):
    """`codec/`: what a caller sends <-> arrays. Imports neither torch nor mlflow nor prefect nor dvc.

    `input` is the description of one example that `prepare` wrote and the bundle carries.
    """

    WARNS: bool
    """Whether its reader may find something unusual about a row."""

    @property
    def Effect(self) -> type[BaseModel] | None:  # noqa: N802 - a class
        """One effect of an explanation; None: the kind explains nothing."""

    @property
    def explain(self) -> Explain[InputT] | None:
        """What explains answers; None: the kind explains nothing."""

    def request(self, input: InputT, /) -> Any:
        """Return the type of what `POST /predict` takes. A field that is `bytes` is a file to upload."""

    def labelled(self, input: InputT, /) -> Any:
        """Return the type of what `POST /labels` takes: one `components.kinds.labels.Label`, or a list of them."""

    def key(self, input: InputT, /) -> str | None:
        """Return the field that is the caller's own id of a row; None: there is none."""

    def entities(self, input: InputT, /) -> Sequence[str]:
        """Return the fields that name whom a row is of."""

    def remembers(self, input: InputT, /) -> bool:
        """Return whether an endpoint keeps rows for those that follow, and their labels where rows have an id."""

    def fields(self, input: InputT, /) -> dict[str, tuple[str, bool]]:
        """Name the fields of a complete row (with what an endpoint would remember).

        Each has MLflow's type (`binary`, `string`, `double`, `long`, `boolean`), and whether it may not be missing.
        """

    def rows(self, request: Any, /) -> list[dict[str, Any]]:
        """Return the rows of a request of the type `request`, at least one."""

    def described(self, examples: NDArray[Any], input: InputT, /) -> Mapping[str, NDArray[Any]]:
        """Return what examples `[N, ...]` look like, numbers or categories `[N]` by name.

        By them drift is measured, so a person should know each by its name.
        """

    def Reader(  # noqa: N802 - a class
        self, workload: str, input: InputT, serve: Mapping[str, Any], files: Path, memory: str | None, /
    ) -> Reader:
        """Open a reader.

        Args:
            workload: whose endpoint it is.
            input: the bundle's description of one example.
            serve: the bundle's section `serve`: what is taken of a caller.
            files: the directory of what `prepare` gave the bundle to carry (`serving/`).
            memory: where to remember rows, an SQLAlchemy address; None: the caller sends what would be remembered.
        """
