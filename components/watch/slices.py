"""Parts of labelled answers that are judged each for itself, as the gate does: the classes, or quarters of numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.slices import MOST, quarter_names
from components.tasks.rates import Rate
from components.watch.statistics.tally import Tally, tally

METRICS = ("accuracy", "absolute_error")
"""By which a slice is judged: the first that the task has. Each is a mean over all rows, so a slice's is that of its
rows: the accuracy of a class is its recall."""


class Slices:
    """The slices of one version."""

    def __init__(self, rates: Mapping[str, Rate], classes: tuple[str, ...], labels: NDArray[Any]) -> None:
        """Take the rates on the labelled validation examples, the classes, and the labels of those examples `[M]`."""
        self.metric = next((name for name in METRICS if name in rates), "")
        """Empty: the task has none by which slices are judged."""
        self._limits = np.empty(0) if classes or not len(labels) else np.unique(np.quantile(labels, (0.25, 0.5, 0.75)))
        self._classes = classes[:MOST]
        found = rates.get(self.metric)
        self.before: Mapping[str, Tally] = {} if found is None else self.tallies(found, labels, np.ones(len(labels)))
        """The metric's values on the validation examples of each."""

    def tallies(self, rate: Rate, labels: NDArray[Any], weights: NDArray[np.float64]) -> dict[str, Tally]:
        """Return the metric's values in each slice that has any.

        Args:
            rate: of the metric, of N rows.
            labels: `[N]`, indices of classes, or numbers.
            weights: `[N]`, 1 / the probability with which each came to be known.
        """
        if self._classes:
            names, which = [f"class: {name}" for name in self._classes], labels
        else:
            names = [f"label: {name}" for name in quarter_names(self._limits)]
            which = np.searchsorted(self._limits, labels)
        rows = [which == index for index in range(len(names))]
        return {name: tally(rate.values[its], weights[its]) for name, its in zip(names, rows, strict=True) if its.any()}
