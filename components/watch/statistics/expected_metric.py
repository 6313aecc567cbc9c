"""What a metric is expected to be before labels come, from the model's own probabilities alone.

Confidence-based performance estimation: if the probabilities are calibrated, labels drawn by them are as good as those
to come, so a metric of drawn labels has the distribution of the metric to come (Kivimäki, Białek, Kuberski and
Nurminen, "Performance estimation in binary classification using calibrated confidence", 2025, arXiv 2505.05295;
"Confidence-based estimators for predictive performance in model monitoring", 2024, arXiv 2407.08649). The draws are
of labels and of the calibration, which is known from a reference of limited size alone.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from components.watch.statistics.calibration import EXACT, Calibration
from components.watch.statistics.interval import UNKNOWN, Interval

BLIND = "it cannot see labels that changed while the inputs did not, nor inputs unlike any the model was validated on"
"""What is to be said beside every expected metric."""

Floats = NDArray[np.float64]
Int64 = NDArray[np.int64]


def expected_metric(
    probabilities: NDArray[np.floating],
    metric: Callable[[Int64], float],
    calibration: Calibration = EXACT,
    draws: int = 200,
    alpha: float = 0.05,
    seed: int = 0,
) -> Interval:
    """Return the mean of the metric over drawn labels, and the interval of 1 - alpha of the draws.

    Draws for which the metric is not a number, as of a recall without a positive, are left out.

    Args:
        probabilities: `[N, classes]`.
        metric: of labels `[N]`, with the answers that were given: a metric of the task.
        calibration: how far the probabilities are off, as the reference says.
        draws: number of times that labels are drawn.
        alpha: over 0, below 1.
        seed: of what is random.
    """
    if len(probabilities) == 0:
        return UNKNOWN
    random = np.random.default_rng(seed)
    times = -(-draws // len(calibration.slope))
    found = [
        metric(_drawn(corrected, random)) for corrected in calibration.corrected(probabilities) for _ in range(times)
    ]
    return _interval(np.array(found), alpha)


def expected_error(
    widths: Floats,
    reference_widths: Floats,
    reference_errors: Floats,
    draws: int = 200,
    alpha: float = 0.05,
    seed: int = 0,
) -> Interval:
    """Return the expected mean absolute error of a regression, from how wide its intervals are.

    A wider interval says that the model expects to err more; by how much is learned on the reference (isotonic
    regression, on bootstraps). Where all widths are equal the answer is the reference's own error, whatever comes.

    Args:
        widths: `[N]`, of the answers' intervals.
        reference_widths: `[M]`, of labelled examples that the model was not trained on.
        reference_errors: `[M]`, their absolute errors.
        draws: number of bootstraps.
        alpha: over 0, below 1.
        seed: of what is random.
    """
    if len(widths) == 0:
        return UNKNOWN
    random = np.random.default_rng(seed)
    found = np.empty(draws)
    for draw in range(draws):
        rows = random.integers(0, len(reference_widths), len(reference_widths))
        fitted = IsotonicRegression(out_of_bounds="clip").fit(reference_widths[rows], reference_errors[rows])
        left = reference_errors[rows] - fitted.predict(reference_widths[rows])
        found[draw] = fitted.predict(widths).mean() + random.choice(left, len(widths)).mean()
    return _interval(found, alpha)


def _drawn(probabilities: Floats, random: np.random.Generator) -> Int64:
    """Draw a class for each row."""
    until = probabilities.cumsum(axis=1)
    drawn: Int64 = (random.random((len(until), 1)) * until[:, -1:] > until[:, :-1]).sum(axis=1)
    return drawn


def _interval(found: Floats, alpha: float) -> Interval:
    found = found[~np.isnan(found)]
    if len(found) == 0:
        return UNKNOWN
    low, high = np.quantile(found, (alpha / 2, 1 - alpha / 2))
    return Interval(float(found.mean()), float(low), float(high))
