"""`objective/`: how a task is learned; training phase only."""

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from components.kinds.contract.objective import Objective


class Objectives(Protocol):
    """`objective/`: needs torch and numpy alone."""

    def objective(self, config: Any, classes: Sequence[str], labels: NDArray[Any], /) -> Objective:
        """Return the objective of a training.

        Args:
            config: the section `train` of the workload.
            classes: names of the classes; none where labels are numbers.
            labels: of the training split, `[N]`.

        Raises:
            DataError: nothing can be learned from these labels.
        """
