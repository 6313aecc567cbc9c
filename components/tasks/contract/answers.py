"""`answers.py`: outputs of the graph -> what a caller is answered, in both phases."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class Answers(Protocol):
    """`answers.py`. Imports neither torch nor mlflow nor prefect nor dvc."""

    OUTPUT: str
    """Name of the graph's output that is decided on."""
    SURE: str
    """What says how sure an answer is: the head of a column."""

    @property
    def Answer(self) -> type[BaseModel]:  # noqa: N802 - a class
        """The answer to one example. Has a field `warnings`, which is left out where it is empty."""

    def decide(self, outputs: Float32, decision: Mapping[str, Any], /) -> Int64 | None:
        """Return the index of the class that each of `[N, K]` is taken for; None: the task names no class."""

    def numbers(self, outputs: Float32, decision: Mapping[str, Any], /) -> dict[str, Float32]:
        """Return the numbers of the answers beside their class, `[N]` each, by the names of the answer's fields."""

    def answers(
        self, outputs: Float32, classes: Sequence[str], decision: Mapping[str, Any], version: str, /
    ) -> Sequence[BaseModel]:
        """Return an answer for each of `[N, K]`, in their order; `version` is what the model calls itself."""

    def told(self, answer: Mapping[str, Any], label: str | float, /) -> tuple[str, str, bool | None]:
        """Return in words what an answer, as JSON, says and how sure it is, and whether it is right.

        `label` is the name of the class or the number; None: nobody can say whether it is right.
        """

    def label(self, told: bool | int | float | str, classes: Sequence[str], /) -> str | float:
        """Return what a caller says became of a row as it is kept: the name of a class, or a number.

        Raises:
            BadRequest: it can be neither; the sentence begins with `label: ` and says what is known.
        """

    def explained_column(self, outputs: Float32, /) -> Int64:
        """Return the column of each of `[N, K]` that stands for its answer: what an explanation takes apart."""
