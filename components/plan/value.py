"""What more would be worth: more examples, more training. With its uncertainty, or not known."""

from collections.abc import Sequence

from components.plan.figure import Figure, not_known
from components.plan.power_law import Point, PowerLaw, fitted_law

MORE = 10_000
"""Labels."""
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


def hour_figure(metric: str, versions: int) -> Figure:
    """Return what the next hour of training is worth: registered versions differ in more than time."""
    why = "the table below has what each registered version reached; they differ in more than their time"
    return not_known(f"{metric} by an hour of training more", why if versions else "no version has its cost noted")


def staleness_figure(metric: str, drawn: bool) -> Figure:
    """Return what a daily instead of a weekly training is worth."""
    why = "splits are drawn without regard to time" if drawn else "no training on older data was examined on newer"
    return not_known(f"{metric} by training daily, not weekly", why)
