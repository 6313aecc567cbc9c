"""`space.py`: what a search may vary of the section `train`. A kind may do without."""

from typing import Protocol

from components.kinds.contract.parameters import ConfigT
from components.kinds.space import Space


class SearchSpace(Protocol[ConfigT]):
    """`space.py`."""

    def space(self, config: ConfigT, supervised: bool, /) -> Space:
        """Return what may be varied around the section `train`, in which all that is left to the data is decided.

        Each value of `config` itself is within it. Nothing: the model that it asks for has nothing to vary.

        Args:
            config: the section `train`.
            supervised: whether labels are learned from.
        """
