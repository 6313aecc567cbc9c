"""A reference as arrays that `numpy.savez` writes and reads without pickling."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.watch.statistics.drift.bins import Bins
from components.watch.statistics.drift.reference import Reference

_ARRAYS = ("counts", "weekdays", "clusters", "correlation", "between_days")
_NUMBERS = ("placebo_days", "day_rows")


def packed(reference: Reference) -> dict[str, NDArray[Any]]:
    """Return the arrays, by names that say what they are."""
    bins = list(reference.bins.values())
    numbers = [each.edges if each.edges is not None else np.empty(0) for each in bins]
    names = [each.categories for each in bins]
    return {
        **{name: getattr(reference, name) for name in _ARRAYS},
        **{name: np.array(getattr(reference, name)) for name in _NUMBERS},
        "columns": np.array(list(reference.bins), dtype=np.str_),
        "category": reference.category,
        "edges": np.concatenate([*numbers, np.empty(0)]),
        "edges_of": np.array([len(each) for each in numbers], dtype=np.int64),
        "categories": np.array([name for each in names for name in each], dtype=np.str_),
        "categories_of": np.array([len(each) for each in names], dtype=np.int64),
    }


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> Reference:
    """Return the reference that was packed."""
    edges = np.split(arrays["edges"], arrays["edges_of"].cumsum())
    categories = np.split(arrays["categories"], arrays["categories_of"].cumsum())
    bins = {
        name: Bins(None, tuple(of.tolist())) if category else Bins(limits)
        for name, category, limits, of in zip(
            arrays["columns"].tolist(), arrays["category"], edges, categories, strict=False
        )
    }
    given = {name: arrays[name] for name in _ARRAYS}
    return Reference(bins, **given, placebo_days=int(arrays["placebo_days"]), day_rows=float(arrays["day_rows"]))
