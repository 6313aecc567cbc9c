"""What happens to records between a till and a model, in three severities, on features as they were prepared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Corruption
from components.kinds.table.codec.features import Definition, Entity, date_names, names, window_name
from components.kinds.table.codec.input import Input

_MISSING = (0.05, 0.1, 0.2)  # of the values
_UNKNOWN = (0.1, 0.3, 1.0)  # of the values of a category
_SCALE = (1.1, 1.5, 3.0)  # of amounts: a year's prices, another currency, another sort of customer

Float32 = NDArray[np.float32]


def corruptions_of(input: Input) -> Mapping[str, Corruption]:
    """Return the corruptions that records of this description can suffer; features are float32 `[n, F]`.

    `missing` and `unknown_category` for columns of such, `amount`, which scales it and what is made of it, and
    `delayed`, where windows know nothing of the latest days.
    """
    definition = Definition.model_validate(input["definition"])
    found: dict[str, Corruption] = {}
    if definition.numbers or definition.categories or definition.dates:
        found["missing"] = partial(_missing, definition)
    if definition.categories:
        found["unknown_category"] = partial(_unknown, definition)
    if definition.amount is not None:
        found["amount"] = partial(_scaled, definition)
    if definition.entities:
        found["delayed"] = partial(_delayed, definition)
    return found


def _missing(definition: Definition, examples: Float32, severity: int, seed: int) -> Float32:
    """Lose values: a number, and what is made of a date, is not one then, a category the one that nobody knows."""
    columns = [*definition.numbers, *definition.categories, *definition.dates]
    lost = np.random.default_rng(seed).random((len(examples), len(columns))) < _MISSING[severity - 1]
    corrupted = examples.copy()
    for column, missing in zip(columns, lost.T, strict=True):
        made = date_names(column, definition) if column in definition.dates else [column]
        nothing = np.float32(0.0 if column in definition.categories else np.nan)
        for index in _indices(definition, made):
            corrupted[missing, index] = nothing
    return corrupted


def _unknown(definition: Definition, examples: Float32, severity: int, seed: int) -> Float32:
    corrupted, indices = examples.copy(), _indices(definition, list(definition.categories))
    new = np.random.default_rng(seed).random((len(examples), len(indices))) < _UNKNOWN[severity - 1]
    corrupted[:, indices] = np.where(new, np.float32(0.0), examples[:, indices])
    return corrupted


def _scaled(definition: Definition, examples: Float32, severity: int, seed: int) -> Float32:
    """Scale amounts, and their means in windows with them: all of them grow, not this one alone."""
    measured = [entity for entity in definition.entities if "mean" in entity.measures]
    means = [window_name(entity, "mean", days, definition) for entity in measured for days in entity.days]
    corrupted = examples.copy()
    corrupted[:, _indices(definition, [str(definition.amount), *means])] *= np.float32(_SCALE[severity - 1])
    return corrupted


def _delayed(definition: Definition, examples: Float32, severity: int, seed: int) -> Float32:
    """Have windows know nothing of the latest days: as many as each entity's shortest, middle or longest window has."""
    corrupted, indices = examples.copy(), {name: index for index, name in enumerate(names(definition))}
    amount = np.nan_to_num(examples[:, indices[definition.amount]]) if definition.amount else np.zeros(len(examples))
    for entity in definition.entities:
        days = sorted(entity.days)
        known = _KnownWindows(entity, definition, examples, indices, days[min(severity, len(days)) - 1], amount)
        for measure in entity.measures:
            for length in days:
                corrupted[:, indices[window_name(entity, measure, length, definition)]] = known.left(measure, length)
    return corrupted


@dataclass(frozen=True)
class _KnownWindows:
    """The windows of one entity, without the records of the latest days."""

    entity: Entity
    definition: Definition
    examples: Float32
    indices: Mapping[str, int]
    """Of the features, by name."""
    lost: int
    """Days."""
    amount: NDArray[np.floating]
    """`[n]`, of the records themselves: a window that is not delayed ends with them, and they are known."""

    def left(self, measure: str, days: int) -> NDArray[np.floating]:
        """Return what is left of a window, `[n]`: of one that is no longer than what is lost, the record itself.

        What is left of a mean or a share is known where counts are, and every label is taken for known; else a longer
        window stays as it is.
        """
        found, itself = self._known(measure, days), self._itself(measure)
        if days <= self.lost:
            return np.where(found != 0, itself, 0.0)
        if "count" not in self.entity.measures:
            return found
        long, short = self._known("count", days), self._known("count", self.lost)
        count = np.where(long > 0, long - short + self._itself("count"), 0.0)
        if measure == "count":
            return count
        total = found * long - self._known(measure, self.lost) * short + itself
        mean = np.divide(total, count, out=np.zeros(len(total)), where=count > 0)
        least = min(0.0, float(self._known(measure, days).min(initial=0.0)))  # amounts may be paid back
        left: NDArray[np.floating] = np.clip(mean, least, 1.0 if measure == "risk" else None)
        return left

    def _known(self, measure: str, days: int) -> Float32:
        return self.examples[:, self.indices[window_name(self.entity, measure, days, self.definition)]]

    def _itself(self, measure: str) -> NDArray[np.floating]:
        """Return what the record adds to the sum of a measure; nothing where windows end before it."""
        if self.entity.delayed or measure == "risk":
            return np.zeros(len(self.examples))
        return self.amount if measure == "mean" else np.ones(len(self.examples))


def _indices(definition: Definition, wanted: Sequence[str]) -> list[int]:
    known = names(definition)
    return [known.index(name) for name in wanted]
