"""Labels that come late, and only for some rows."""

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.datetime64]


def matured(time: Times, delay: np.timedelta64, now: np.datetime64) -> NDArray[np.bool_]:
    """Return which rows' delay is over: of these alone is the absence of a label known, or the label final.

    Judged before, a cohort holds those labels alone that came early, which are different ones: a fraud is reported,
    a payment in order never is.

    Args:
        time: `[N]`, when each was answered.
        delay: how long a label takes.
        now: until when labels were heard.
    """
    over: NDArray[np.bool_] = time + delay <= now
    return over


def weights(known: NDArray[np.bool_], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by what a row counts, `[N]`: the inverse of its probability where its label is known, else zero.

    Args:
        known: `[N]`, whether there is a label.
        probability: `[N]`, with which it was to be known, over zero where it is; it must be what was decided when the
            row was answered, not what turned out.

    Raises:
        ValueError: a label is known that could not be.
    """
    if (impossible := known & ~(probability > 0)).any():
        raise ValueError(f"{impossible.sum()} labels are known whose probability was 0; they can stand for nothing")
    return np.divide(1.0, probability, out=np.zeros(len(known)), where=known)
