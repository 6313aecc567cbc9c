"""What happens to records between a till and a model, in three severities, on features as they were prepared."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.examination import Corruption
from components.kinds.table.codec.features import Definition, Entity, names

_MISSING = (0.05, 0.1, 0.2)  # of the values
_UNKNOWN = (0.1, 0.3, 1.0)  # of the values of a category
_SCALE = (1.1, 1.5, 3.0)  # of amounts: a year's prices, another currency, another sort of customer

Float32 = NDArray[np.float32]


def spoilers(input: Mapping[str, Any]) -> Mapping[str, Corruption]:
    """Return the corruptions that records of this description can suffer; features are float32 `[n, F]`.

    `missing` and `unknown_category` for columns of such, `amount`, which scales it and what is made of it, and
    `delayed`, where windows know nothing of the latest days.
    """
    definition = Definition.model_validate(input["definition"])
    found: dict[str, Corruption] = {}
    if definition.numbers or definition.categories:
        found["missing"] = partial(_missing, definition)
    if definition.categories:
        found["unknown_category"] = partial(_unknown, definition)
    if definition.amount is not None:
        found["amount"] = partial(_scaled, definition)
    if definition.entities:
        found["delayed"] = partial(_delayed, definition)
    return found


def _missing(definition: Definition, examples: Float32, severity: int, seed: int) -> Float32:
    """Lose values: a number is not one then, a category the one that nobody knows."""
    spoilt, places = examples.copy(), _places(definition, [*definition.numbers, *definition.categories])
    lost = np.random.default_rng(seed).random((len(examples), len(places))) < _MISSING[severity - 1]
    nothing = np.array([np.nan] * len(definition.numbers) + [0.0] * len(definition.categories), dtype=np.float32)
    spoilt[:, places] = np.where(lost, nothing, examples[:, places])
    return spoilt


def _unknown(definition: Definition, examples: Float32, severity: int, seed: int) -> Float32:
    spoilt, places = examples.copy(), _places(definition, list(definition.categories))
    new = np.random.default_rng(seed).random((len(examples), len(places))) < _UNKNOWN[severity - 1]
    spoilt[:, places] = np.where(new, np.float32(0.0), examples[:, places])
    return spoilt


def _scaled(definition: Definition, examples: Float32, severity: int, seed: int) -> Float32:
    """Scale amounts, and their means in windows with them: all of them grow, not this one alone."""
    means = [
        _window(entity, "mean", d) for entity in definition.entities if "mean" in entity.measures for d in entity.days
    ]
    spoilt = examples.copy()
    spoilt[:, _places(definition, [str(definition.amount), *means])] *= np.float32(_SCALE[severity - 1])
    return spoilt


def _delayed(definition: Definition, examples: Float32, severity: int, seed: int) -> Float32:
    """Have windows know nothing of the latest days: as many as each entity's shortest, middle or longest window has."""
    spoilt = examples.copy()
    for entity in definition.entities:
        days = sorted(entity.days)
        _forget(spoilt, examples, entity, days[min(severity, len(days)) - 1], definition)
    return spoilt


def _forget(spoilt: Float32, examples: Float32, entity: Entity, lost: int, definition: Definition) -> None:
    """Take out of the windows of `entity` the records of the `lost` latest days, but the record itself.

    A window that is no longer than that is empty. What a longer one has left of a mean or a share is known where
    counts are; else it stays as it is.
    """
    place = {name: index for index, name in enumerate(names(definition))}
    own = 0.0 if entity.delayed else 1.0  # a window that is not delayed ends with the record itself
    amount = np.nan_to_num(examples[:, place[definition.amount]]) if definition.amount else 0.0
    itself = {"count": 1.0, "mean": amount, "risk": 0.0}
    for measure in entity.measures:
        for days in entity.days:
            column = place[_window(entity, measure, days)]
            if days <= lost:
                there = examples[:, column] != 0
                spoilt[:, column] = np.where(there, own * itself[measure], 0.0)
            elif "count" in entity.measures:
                long, short = (examples[:, place[_window(entity, "count", length)]] for length in (days, lost))
                left = np.where(long > 0, long - short + own, 0.0)
                if measure == "count":
                    spoilt[:, column] = left
                    continue
                before = examples[:, place[_window(entity, measure, lost)]]
                total = examples[:, column] * long - before * short + own * itself[measure]
                share = np.divide(total, left, out=np.zeros_like(total), where=left > 0)
                spoilt[:, column] = np.clip(share, 0.0, 1.0 if measure == "risk" else None)


def _window(entity: Entity, measure: str, days: int) -> str:
    return f"{entity.name}_{measure}_{days}d"


def _places(definition: Definition, wanted: Sequence[str]) -> list[int]:
    known = names(definition)
    return [known.index(name) for name in wanted]
