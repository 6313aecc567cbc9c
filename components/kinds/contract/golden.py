"""`golden.py`: requests by which anybody who reads for a bundle can be checked. A kind may do without."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from components.kinds.contract.parameters import InputT
from components.kinds.golden import GoldenRequest


class Golden(Protocol[InputT]):
    """`golden.py`. Like `codec/`, and made of nobody's data."""

    def requests(self, input: InputT, serve: Mapping[str, Any], /) -> Sequence[GoldenRequest]:
        """Return requests that try each way in which the codec reads.

        Args:
            input: the bundle's description of one example.
            serve: the bundle's section `serve`: what is taken of a caller.
        """
