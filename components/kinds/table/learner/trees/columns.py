"""The columns as scikit-learn's boosted trees take them: categories first, each code as its rank among those known."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from components.kinds.table.learner.encoding import FeatureLayout

_MOST = 254  # categories that its histograms hold; of more the codes are taken for numbers

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Columns:
    """The columns that are categories, and the others."""

    categories: tuple[int, ...]
    """Places among the features."""
    others: tuple[int, ...]
    known: tuple[Int64, ...]
    """Of each category, the codes that the training split has, ascending; 0, missing or unknown, is not one."""
    codes: int
    """How many codes the largest category has, 0 among them."""

    @classmethod
    def of(cls, layout: FeatureLayout, examples: Float32) -> Self:
        """Return the columns of the training split's examples `[n, F]`."""
        places = {layout.numbers + index: size for index, size in enumerate(layout.categories)}
        categories = tuple(place for place, size in places.items() if size <= _MOST)
        known = [np.unique(examples[:, place]).astype(np.int64) for place in categories]
        others = tuple(place for place in range(examples.shape[1]) if place not in categories)
        largest = 1 + max((places[place] for place in categories), default=0)
        return cls(categories, others, tuple(codes[codes > 0] for codes in known), largest)

    @property
    def order(self) -> Int64:
        """The places of the features in the order of `arranged`."""
        return np.array([*self.categories, *self.others], dtype=np.int64)

    def arranged(self, examples: Float32) -> NDArray[np.float64]:
        """Return `[n, F]` examples: a category as a rank, or missing (NaN) where training does not know its code."""
        found = examples[:, self.order].astype(np.float64)
        for column, codes in enumerate(self.known):
            ranks = np.full(self.codes, np.nan)
            ranks[codes] = np.arange(len(codes))
            found[:, column] = ranks[found[:, column].astype(np.int64)]
        return found

    def left_codes(self, column: int, ranks: NDArray[np.bool_], missing_left: bool) -> NDArray[np.bool_]:
        """Return which codes `[codes]` go left where these ranks do; the others go where missing values go."""
        left = np.full(self.codes, missing_left)
        left[self.known[column]] = ranks[: len(self.known[column])]
        return left
