"""`exploration.py`: examples with or without labels, to be grouped. A kind may do without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from components.kinds.contract.parameters import ConfigT, InputT
from components.kinds.raw import Origin

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Explored:
    """Examples as a model takes them."""

    names: Sequence[str]
    files: Sequence[Path | None]
    """Where each lies; None: it is in no file of its own."""
    labels: Sequence[str | None]
    inputs: NDArray[Any]
    """`[N, ...]`."""
    unreadable: Mapping[str, str]
    """Names of those that could not be read, and why."""
    total: int
    """How many there are; more than N where only some were read."""


class Exploration(Protocol[InputT, ConfigT]):
    """`exploration.py`."""

    def read(self, origins: Mapping[str, Origin], config: ConfigT, input: InputT | None, most: int, /) -> Explored:
        """Read at most `most` examples, evenly spread.

        Args:
            origins: where they come from, by what their names begin with.
            config: the section `prepare` of the workload.
            input: the description of one example that a model takes; None: as a backbone takes it.
            most: how many.

        Raises:
            ConfigError: a source is neither a folder nor a data set.
            DataError: there are too few to group.
        """

    def simple_features(self, inputs: NDArray[Any], /) -> NDArray[np.float32]:
        """Return what is measured of examples without a network that has learned, `[N, D]`."""

    def backbone_features(
        self, inputs: NDArray[Any], described: Mapping[str, Any], tensors: "Mapping[str, Tensor]", /
    ) -> NDArray[np.float32]:
        """Return what a pretrained network makes of examples, `[N, D]`."""

    def alike(self, inputs: NDArray[Any], pairs: Sequence[tuple[int, int]], /) -> list[bool]:
        """Return of each pair of examples whether they show the same."""

    def thumbnail(self, example: NDArray[Any], /) -> bytes:
        """Return a small copy of an example, a PNG."""
