"""Whether an example is like nothing that the model was trained on: a conformal test of the graph's last output.

An example is unfamiliar if the graph's output `unfamiliar` is larger than nearly all that the validation split has. Of
examples that come as the validation split did, at most the stated rate is (split conformal: Vovk et al. 2005,
"Algorithmic Learning in a Random World"; for outliers Bates et al. 2023, arXiv:2104.08279). What it takes is in
`bundle.json`, `decision.unfamiliar`; a bundle without it tells nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import floor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

UNFAMILIAR = "unfamiliar"
"""Name of the graph's output, of the entry of a bundle's `decision`, and of an answer's field."""
_KEPT = 200  # order statistics of the validation split that are kept besides its tail
_DIGITS = 9  # which tell every float32 from the others
_ROUNDING = 1e-9  # of a product that should be a whole number

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class UnfamiliarTest:
    """The test, of N validation examples."""

    rate: float
    """Stated: the part of familiar examples that is flagged, at most."""
    examples: int
    """N."""
    threshold: np.float32
    """What is larger is unfamiliar."""
    scores: Float32
    """Those of the validation split at `_places`, from the least."""

    @classmethod
    def calibrated(cls, scores: Float32, rate: float) -> Self:
        """Return the test at the rate, or at the smallest that can be stated, by the scores `[N]` of validation.

        Of fewer examples than `1 / rate - 1` no rate as small can be stated, but `1 / (N + 1)`. All of the tail is
        kept, and some of the rest.

        Raises:
            ValueError: there is no score, or one is not a number.
        """
        count = len(scores)
        if not count or not np.isfinite(scores).all():
            raise ValueError("no validation example, or one of which the graph does not tell how unlike training it is")
        stated = max(rate, 1 / (count + 1))
        ordered = np.sort(scores.astype(np.float32))
        return cls(stated, count, ordered[count - _flagged(count, stated)], ordered[_places(count, stated)])

    @classmethod
    def of(cls, decision: Mapping[str, Any]) -> Self | None:
        """Return the test that a bundle's decision holds; None: it holds none."""
        if (said := decision.get(UNFAMILIAR)) is None:
            return None
        return cls(
            said["rate"], said["examples"], np.float32(said["threshold"]), np.array(said["scores"], dtype=np.float32)
        )

    def as_json(self) -> dict[str, Any]:
        """Return what `of` reads."""
        return {
            "rate": self.rate,
            "examples": self.examples,
            "threshold": _plain([self.threshold])[0],
            "scores": _plain(self.scores),
        }

    def flags(self, scores: Float32) -> NDArray[np.bool_]:
        """Return which examples are unfamiliar, by the graph's output `[N]`."""
        flagged: NDArray[np.bool_] = scores > self.threshold
        return flagged

    def ranks(self, scores: Float32) -> NDArray[np.float64]:
        """Return the part of the validation split that is less unlike training than each, 0 to 1, `[N]`.

        It is 1 less the conformal p-value: an example is flagged where it reaches 1 less the rate.
        """
        ranks: NDArray[np.float64] = self._ranks[np.searchsorted(self.scores, scores, side="left")]
        return ranks

    @cached_property
    def _ranks(self) -> NDArray[np.float64]:
        """Return the rank of what is larger than none of the scores, than the first, and so on."""
        smaller = np.concatenate([[0], _places(self.examples, self.rate) + 1])
        ranks: NDArray[np.float64] = smaller / (self.examples + 1)
        return ranks


def _flagged(count: int, rate: float) -> int:
    """Return how many of so many examples are flagged at most, and the one that is asked about counts as well."""
    return floor(rate * (count + 1) + _ROUNDING)


def _places(count: int, rate: float) -> NDArray[np.int64]:
    """Return which of so many ordered scores are kept: some, spread evenly, and all of the tail that is flagged."""
    some = np.linspace(0, count - 1, min(count, _KEPT)).round().astype(np.int64)
    places: NDArray[np.int64] = np.union1d(some, np.arange(count - _flagged(count, rate), count))
    return places


def _plain(scores: Sequence[np.float32] | Float32) -> list[float]:
    return [float(f"{score:.{_DIGITS}g}") for score in scores]
