"""What each column of the data is worth to a model, beside what it costs: with its values given to other examples.

Permutation importance (Breiman 2001, "Random Forests", section 10; of any model: Fisher, Rudin and Dominici 2019, JMLR
20:177). It says what this model would lose, not what one would that was trained without the column: where two columns
say the same, it lives with either.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from pydantic import BaseModel, ConfigDict

from components.kinds.evaluation import Column
from components.registry.gate.measure import with_inputs
from components.registry.gate.predictions import Int64, Predictions
from components.registry.gate.statistics import estimated

_MOST = 10_000  # test examples that are asked about
_LEAST = 2_000
_ANSWERS = 1_000_000  # that may be asked for in all, as long as each column has its least
_NORMAL = 1.96  # standard errors, for 95 %


class ColumnWorth(BaseModel):
    """A column, what the model loses without it, and what it costs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    features: int
    """That are made of it."""
    lost: float
    """By how much the deciding metric is worse where the column's values are another example's; below 0: better."""
    low: float | None = None
    high: float | None = None
    """Of the 95 % interval; None: not known."""
    microseconds: float
    """CPU time of making its features of one example."""


def columns_worth(predictions: Predictions) -> Iterator[ColumnWorth]:
    """Yield what each column is worth, the most first; nothing where examples are made of no columns."""
    spec = predictions.spec
    columns = spec.evaluation.columns(spec.data, spec.config)
    if not columns:
        return
    asked = _asked(len(predictions.outputs), len(columns))
    order = np.random.default_rng(spec.config.seed).permutation(len(asked))
    worth = [_worth(predictions, column, asked, order) for column in columns]
    yield from sorted(worth, key=lambda found: -found.lost)


def _asked(count: int, columns: int) -> Int64:
    """Return the indices of the test examples that are asked about, evenly spread."""
    most = min(_MOST, max(_LEAST, _ANSWERS // columns))
    return np.arange(0, count, -(-count // most))


def _worth(predictions: Predictions, column: Column, asked: Int64, order: Int64) -> ColumnWorth:
    spec, places = predictions.spec, list(column.features)
    examples = np.array(spec.data.inputs("test")[asked])
    examples[:, places] = examples[order][:, places]
    without = replace(with_inputs(predictions, examples, asked), unfamiliar=None)
    found = estimated(predictions.merit, without.merit, asked, spec.config.seed)
    reach = None if found.error is None else _NORMAL * found.error
    return ColumnWorth(
        name=column.name,
        features=len(places),
        lost=found.value,
        low=None if reach is None else found.value - reach,
        high=None if reach is None else found.value + reach,
        microseconds=column.microseconds,
    )
