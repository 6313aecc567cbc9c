"""How inputs and outputs have moved since the model was validated: effects, and when one is more than chance.

`fit_reference` counts what validation looks like, `count_day` what a day looks like, `watch` compares all days so
far. Drift is no harm: it says that what is known of the model's quality is of other data.
"""

from components.watch.statistics.drift.axes import EMBEDDING, along, principal_axes
from components.watch.statistics.drift.day import Day, count_day
from components.watch.statistics.drift.packing import packed, unpacked
from components.watch.statistics.drift.reference import Reference, fit_reference
from components.watch.statistics.drift.watch import Drift, spent, watch

__all__ = [
    "EMBEDDING",
    "Day",
    "Drift",
    "Reference",
    "along",
    "count_day",
    "fit_reference",
    "packed",
    "principal_axes",
    "spent",
    "unpacked",
    "watch",
]
