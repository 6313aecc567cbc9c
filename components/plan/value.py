"""What more would be worth: more examples, more training. With its uncertainty, or not known."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import t

from components.plan.figure import Figure, not_known
from components.plan.power_law import FEWEST, Point, PowerLaw, fitted_law
from components.plan.predicted import Predicted
from components.plan.staleness import Aged, lost_a_day

MORE = 10_000
"""Labels."""
WEEK = 7.0
"""Days."""
FAR = 4.0
"""Times the examples that were tried, beyond which a law is no more than a guess."""


def label_figures(metric: str, points: Sequence[Point]) -> list[Figure]:
    """Return what further labels are worth by the learning curve; `points` are empty where it was not asked for."""
    name = f"{metric} by {MORE:,} labels more"
    if not points:
        return [not_known(name, "ask for it: --learn-curve trains on parts of the data")]
    if any(not 0.0 <= point.error <= 1.0 for point in points):
        return [not_known(name, f"{metric} is not a part of 1, so that no power law is fitted")]
    law = fitted_law(points)
    if law is None:
        return [not_known(name, "too few examples for three parts of them")]
    most = max(point.examples for point in points)
    said = f"error = {law.factor:.3g} x examples^-{law.exponent:.2f}, fitted to {len(points)} trainings"
    return [_gain(name, law, most, MORE, said), _gain(f"{metric} by twice the labels", law, most, most, said)]


def _gain(name: str, law: PowerLaw, most: int, more: int, said: str) -> Figure:
    gain = law.gain(most, more)
    if gain.low <= 0.0:
        return not_known(name, f"{said}: within chance of nothing ({gain.low:+.4f} to {gain.high:+.4f})")
    if most + more > FAR * most:
        said += f"; {(most + more) / most:.0f} times what was tried, which is far beyond it"
    return Figure(name, gain.value, "", "extrapolated", said, gain.low, gain.high)


def grown_figure(points: Sequence[Point]) -> Figure:
    """Return the CPU time of training on twice the examples, by a line through the trainings on parts of them."""
    name = "CPU of training on twice the data"
    if len({point.examples for point in points}) < FEWEST:
        return not_known(name, "ask for it: --learn-curve trains on parts of the data")
    found = grown(points, max(points, key=lambda point: point.examples))
    said = f"a line through the CPU seconds of {len(points)} trainings by the examples that they compute"
    return Figure(name, found.value, "s", "extrapolated", said, found.low, found.high)


def grown(points: Sequence[Point], most: Point) -> Predicted:
    """Return the CPU seconds of a training on twice the examples of `most`, and where nine of ten such trainings lie.

    By least squares on the examples that trainings compute, which are as many for few examples as for some more, for a
    recipe has a least number of steps. The interval is that of a new point of a regression with normal errors, by
    Student's t. Where less than three different numbers are computed, the line goes through 0.
    """
    known = all(point.work and point.twice for point in points)
    x = np.array([point.work if known else point.examples for point in points], dtype=np.float64)
    y, at = np.array([point.cpu for point in points]), most.twice if known else 2.0 * most.examples
    few = len(set(x)) < FEWEST
    design, new = (x[:, None], np.array([at])) if few else (np.stack([np.ones_like(x), x], axis=1), np.array([1.0, at]))
    line, *_ = np.linalg.lstsq(design, y, rcond=None)
    freedom = max(1, len(x) - len(new))
    spread = float(np.sum((y - design @ line) ** 2)) / freedom
    error = float(t.ppf(0.95, freedom) * np.sqrt(spread * (1.0 + new @ np.linalg.inv(design.T @ design) @ new)))
    value = float(new @ line)
    return Predicted(value, max(0.0, value - error), value + error)


def baseline_figure(metric: str, reached: float | None) -> Figure:
    """Return what the baseline of the evaluation reaches: what all that a model takes is paid for."""
    name = f"{metric} of the baseline"
    if reached is None:
        return not_known(name, "the evaluation has none to hold the model against")
    said = "the last evaluation, on the test split; it has no endpoint, so what its answers would cost is not known"
    return Figure(name, reached, "", "measured", said)


def hour_figure(metric: str, versions: int) -> Figure:
    """Return what the next hour of training is worth: registered versions differ in more than time."""
    why = "the table below has what each registered version reached; they differ in more than their time"
    return not_known(f"{metric} by an hour of training more", why if versions else "no version has its cost noted")


def staleness_figure(metric: str, drawn: bool, lower_is_better: bool, points: Sequence[Aged]) -> Figure:
    """Return what a daily instead of a weekly training is worth; `points` are empty where it was not asked for.

    A model that is trained every T days is T / 2 days older on average than one that is trained all the time.
    """
    name = f"{metric} by training daily, not weekly"
    if drawn:
        return not_known(name, "splits are drawn without regard to time")
    if not points:
        return not_known(name, "ask for it: --staleness trains on older data and examines on newer")
    lost, older = lost_a_day(points), (WEEK - 1) / 2
    gain = [older * each * (-1 if lower_is_better else 1) for each in (lost.value, lost.low, lost.high)]
    low, high = sorted(gain[1:])
    said = (
        f"{len(points)} trainings on spans of equal length that end 0 to {points[-1].days:.3g} days before the "
        f"training split does: {-lost.value:+.4g} a day"
    )
    if low <= 0.0:
        return not_known(name, f"{said}, within chance of nothing ({low:+.4f} to {high:+.4f})")
    return Figure(name, gain[0], "", "extrapolated", said, low, high)
