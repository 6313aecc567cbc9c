"""How many labels say an accuracy to within two points: asked for where the model doubts, and at random.

    python -m benchmarks.label_budget [--quick] [--json FILE]

Of 20,000 rows a model says how sure it is; it is right as often as it says, or two in five times as often wrong (*too
sure*). Four kinds of confidence: of a model that is right in 80, 90 or 97 % of the rows, and of one that always
doubts the same. Printed is the number of labels at which the 95 % interval is two points wide to either side, by
interpolation over budgets, and how often the interval held the accuracy of all rows at the budget beside it: for
*active* inference, for the *uniform* sample with the same correction, and for the plain share of right answers in a
uniform sample.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from components.watch.statistics.active_inference import asking_probabilities, estimate
from components.watch.statistics.interval import Interval

Floats = NDArray[np.float64]
Way = Callable[[Floats, Floats, int, np.random.Generator], Interval]

ROWS, HALF = 20_000, 0.02
BUDGETS = (50, 100, 200, 400, 800, 1_600, 3_200)
MODELS = {"80 %": (0.5, 2.0), "90 %": (0.3, 2.7), "97 %": (0.1, 3.2), "90 %, doubts the same": (1e4, 9e4)}
"""The distribution of the expected loss: a and b of a beta."""


def active(expected: Floats, losses: Floats, budget: int, random: np.random.Generator) -> Interval:
    """Ask where the model doubts, and correct what it expects."""
    odds = asking_probabilities(expected, budget)
    return estimate(expected, np.where(random.random(ROWS) < odds, losses, np.nan), odds)


def corrected(expected: Floats, losses: Floats, budget: int, random: np.random.Generator) -> Interval:
    """Ask at random, and correct what the model expects."""
    odds = np.full(ROWS, budget / ROWS)
    return estimate(expected, np.where(random.random(ROWS) < odds, losses, np.nan), odds)


def plain(expected: Floats, losses: Floats, budget: int, random: np.random.Generator) -> Interval:
    """Ask at random, and count."""
    asked = losses[random.random(ROWS) < budget / ROWS]
    half = 1.96 * float(np.sqrt(max(asked.var(ddof=1), 1e-12) / len(asked)))
    return Interval(float(asked.mean()), float(asked.mean()) - half, float(asked.mean()) + half)


WAYS: Mapping[str, Way] = {"active": active, "uniform, corrected": corrected, "uniform": plain}


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    options = harness.parser(__doc__, quick="5 runs of each").parse_args()
    runs = 5 if options.quick else 200
    found = {
        f"{name}{', too sure' if sure else ''}": {way: labels(shape, sure, WAYS[way], runs) for way in WAYS}
        for name, shape in MODELS.items()
        for sure in (False, True)
    }
    harness.finish({"runs": runs, "models": found}, report, options.json)


def labels(shape: tuple[float, float], sure: bool, way: Way, runs: int) -> dict[str, float]:
    """Return how many labels are needed, and how often the interval at the budget nearest to it held the truth."""
    widths, held = np.zeros(len(BUDGETS)), np.zeros(len(BUDGETS))
    for seed in range(runs):
        random = np.random.default_rng(seed)
        expected = random.beta(*shape, ROWS)
        losses = (random.random(ROWS) < np.clip(expected * (1.4 if sure else 1.0), 0, 1)).astype(np.float64)
        for at, budget in enumerate(BUDGETS):
            found = way(expected, losses, budget, random)
            widths[at] += found.half_width / runs
            held[at] += (found.low <= losses.mean() <= found.high) / runs
    needed = float(np.exp(np.interp(-np.log(HALF), -np.log(widths), np.log(BUDGETS))))
    return {"labels": needed, "held": float(held[int(np.abs(np.log(BUDGETS) - np.log(needed)).argmin())])}


def report(figures: Mapping[str, Any]) -> None:
    """Print the table."""
    print(f"{figures['machine']}; {figures['runs']} runs\n")
    print("| accuracy |", " | ".join(f"{way}: labels | held" for way in WAYS), "| uniform / active |")
    print("|---|" + "---|---|" * len(WAYS) + "---|")
    for name, ways in figures["models"].items():
        cells = " | ".join(f"{one['labels']:,.0f} | {100 * one['held']:.1f} %" for one in ways.values())
        print(f"| {name} | {cells} | {ways['uniform']['labels'] / ways['active']['labels']:.2f} |")


if __name__ == "__main__":
    main()
