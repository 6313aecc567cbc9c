"""Streams of days with a weekly rhythm and entities whose rows are alike."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.watch.statistics.drift import Day, Reference, fit_reference

MONDAY = np.datetime64("2026-01-05")
BEFORE = 28
"""Days of the reference."""
Columns = dict[str, NDArray[Any]]
Change = Callable[[int, Columns], Columns]
"""What becomes of the columns of a live day."""


def stream(
    seed: int, live: int, change: Change = lambda _, columns: columns, rows: int = 300
) -> tuple[Reference, list[Day]]:
    """Return the reference of four weeks, and as many live days, each changed."""
    random = np.random.default_rng(seed)
    entities = random.normal(0, 0.7, (60, 2))
    days = [_day(random, entities, day, rows) for day in range(BEFORE + live)]
    before = {name: np.concatenate([day[name] for day in days[:BEFORE]]) for name in days[0]}
    entity, when = before.pop("entity"), before.pop("day")
    reference = fit_reference(before, MONDAY + when, entity)
    return reference, [_counted(reference, change(at, day), at) for at, day in enumerate(days[BEFORE:])]


def _day(random: np.random.Generator, entities: NDArray[np.float64], day: int, rows: int) -> Columns:
    weekend = day % 7 >= 5
    count = rows // 2 if weekend else rows
    entity = random.integers(0, len(entities), count)
    values = entities[entity] + random.normal(0, 0.7, (count, 2)) + 0.8 * weekend
    return {
        "number": values[:, 0],
        "count": np.maximum(values[:, 1] * 2, 0).astype(np.int64),
        "where": np.array(["shop", "web", "post"], dtype=object)[random.choice(3, count, p=(0.6, 0.3, 0.1))],
        "entity": entity,
        "day": np.full(count, day),
    }


def _counted(reference: Reference, columns: Columns, at: int) -> Day:
    known = {name: columns[name] for name in reference.bins if name in columns}
    return reference.count(known, columns["entity"], MONDAY + BEFORE + at)
