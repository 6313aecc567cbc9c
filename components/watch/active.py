"""The share of right answers by active inference: what is expected of all, corrected by the labels that were asked for.

It needs labels that somebody asked for with a known probability, the `share` of `POST /labels`: of others it is not
known for which rows they stand.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from components import catalogue
from components.watch.bundles import Bundle
from components.watch.report import DayEstimate, Estimate, Quality
from components.watch.statistics.active_inference import Sums

METRIC = "accuracy"
FEWEST = 30
"""Labels by which the interval, which is that of the central limit, is told."""


def expected_loss(bundle: Bundle, outputs: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Return how probable it is that each answer is wrong, `[N]`; None: the outputs are no probabilities.

    Args:
        bundle: of the version that answered.
        outputs: `[N, classes]`.
    """
    about, live = bundle.about, bundle.live
    if about is None or live is None or not live.DRAWS or METRIC not in bundle.rates:
        return None
    decided = catalogue.codec(about.kind, about.task).decide(outputs, about.decision)
    if decided is None or outputs.shape[1] != len(about.classes):
        return None
    (probabilities,) = bundle.calibration.mean.corrected(outputs)
    loss: NDArray[np.float64] = 1.0 - probabilities[np.arange(len(outputs)), decided]
    return loss


def active(bundle: Bundle, days: Mapping[date, Sums]) -> Quality | None:
    """Return the accuracy of days on which labels were asked for; None: too few were.

    Args:
        bundle: of the version.
        days: the sums of all rows of each day, corrected, of days whose labels are mature.
    """
    asked = {day: sums for day, sums in sorted(days.items()) if sums.asked}
    whole = sum(asked.values(), Sums())
    if whole.asked < FEWEST:
        return None
    before = bundle.rates[METRIC]
    return Quality(
        metric=METRIC,
        lower_is_better=False,
        reference=Estimate(rows=int(before.counted.sum()), value=before.value),
        now=_right(whole),
        days=tuple(
            DayEstimate(day=day, **_right(sums).model_dump()) for day, sums in asked.items() if sums.asked >= FEWEST
        ),
    )


def _right(sums: Sums) -> Estimate:
    wrong = sums.interval()
    low, high = max(1 - wrong.high, 0.0), min(1 - wrong.low, 1.0)
    return Estimate(value=min(max(1 - wrong.estimate, 0.0), 1.0), low=low, high=high, rows=sums.asked)
