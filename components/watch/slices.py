"""Parts of labelled answers that are judged each for itself, as the gate does.

They are the classes, or quarters of numbers; and the values of the columns that `prepare.slices` names.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.slices import MOST, OTHER, SliceRule, quarter_names
from components.tasks.rates import Rate
from components.watch.statistics.tally import Tally, tally

Codes = NDArray[np.int64]

METRICS = ("accuracy", "absolute_error")
"""By which a slice is judged: the first that the task has. Each is a mean over all rows, so a slice's is that of its
rows: the accuracy of a class is its recall. Where it has none, values of columns are judged by the deciding metric."""


class Slices:
    """The slices of one version."""

    def __init__(
        self,
        rates: Mapping[str, Rate],
        classes: tuple[str, ...],
        labels: NDArray[Any],
        rules: Sequence[SliceRule] = (),
        codes: Codes | None = None,
    ) -> None:
        """Take what is known of the labelled validation examples.

        Args:
            rates: on these.
            classes: of the version.
            labels: of these, `[M]`.
            rules: of the columns that are judged.
            codes: `[M, rules]`, by each rule the index of its value; None: no column is judged.
        """
        self.rules = tuple(rules) if codes is not None else ()
        """Of the columns whose values are slices."""
        whole = next((name for name in METRICS if name in rates), "")
        self._by_label = bool(whole)
        self.metric = whole or (next(iter(rates), "") if self.rules else "")
        """Empty: the task has none by which slices are judged."""
        self._limits = np.empty(0) if classes or not len(labels) else np.unique(np.quantile(labels, (0.25, 0.5, 0.75)))
        self._classes = classes[:MOST]
        found = rates.get(self.metric)
        self.before: Mapping[str, Tally] = (
            {} if found is None else self.tallies(found, labels, np.ones(len(labels)), codes)
        )
        """The metric's values on the validation examples of each."""

    def codes(self, records: Sequence[Mapping[str, Any]]) -> Codes | None:
        """Return `[N, rules]` of records as they came; None: no column is judged."""
        return np.stack([rule.codes(records) for rule in self.rules], axis=1) if self.rules else None

    def tallies(
        self, rate: Rate, labels: NDArray[Any], weights: NDArray[np.float64], codes: Codes | None = None
    ) -> dict[str, Tally]:
        """Return the metric's values in each slice that has any.

        Args:
            rate: of the metric, of N rows.
            labels: `[N]`, indices of classes, or numbers.
            weights: `[N]`, 1 / the probability with which each came to be known.
            codes: `[N, rules]`; see `codes`.
        """
        rows = {**(self._of_labels(labels) if self._by_label else {}), **self._of_columns(codes)}
        counted = {name: its & rate.counted for name, its in rows.items()}
        return {name: tally(rate.values[its], weights[its]) for name, its in counted.items() if its.any()}

    def _of_labels(self, labels: NDArray[Any]) -> dict[str, NDArray[np.bool_]]:
        if self._classes:
            names, which = [f"class: {name}" for name in self._classes], labels
        else:
            names = [f"label: {name}" for name in quarter_names(self._limits)]
            which = np.searchsorted(self._limits, labels)
        return {name: which == index for index, name in enumerate(names)}

    def _of_columns(self, codes: Codes | None) -> dict[str, NDArray[np.bool_]]:
        if codes is None:
            return {}
        return {
            f"{rule.column}: {value}": codes[:, column] == code
            for column, rule in enumerate(self.rules)
            for code, value in enumerate(rule.values)
            if value != OTHER
        }
