"""What is expected of a model before labels come, beside what they say: under shifted inputs, and under changed labels.

    python -m benchmarks.expected_metrics [--quick] [--json FILE]

A *table* is drawn (eight numbers, two classes, a third positive) and learned by boosted trees; *digits* are
scikit-learn's, learned by logistic regression. A run has 1,000 rows of reference, a test split of 1,000 and 1,000
rows at work (of digits 400 each), drawn so that the inputs move: the further along a direction, the likelier. Printed
is, over the runs, the mean absolute difference between each estimate and what the labels turned out to be, and in how
many runs the 95 % interval held that: for *ours* (`components/watch/statistics`), for the model's probabilities
without correction, and for what the test split said, with its own bootstrap interval.

How far inputs may move before the interval is not to be believed is told by tables that move by less: the effect is
what `flows.watch` shows of the column that moved most, the Kolmogorov-Smirnov distance.

Then labels change while the inputs do not: in a fifth of the table's space each label flips, from day 15 on, 500 rows
a day. The expected accuracy must stay where it was, since it cannot see it; an audit sample of 50 labels a day, asked
for by active inference, must raise the alarm of harm. The control is the same without the change.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from benchmarks import harness
from components.kinds.ranking import average_precision
from components.tasks.classification.objective.macro_f1 import macro_f1
from components.watch.statistics.active_inference import UNIFORM, asking_probabilities
from components.watch.statistics.calibration import EXACT, fit_calibration
from components.watch.statistics.confidence_sequence import mean_interval
from components.watch.statistics.expected_metric import expected_metric
from components.watch.statistics.harm import harm, tolerated
from components.watch.statistics.interval import Interval

Floats = NDArray[np.float64]
Int64 = NDArray[np.int64]
Metric = Callable[[Floats, Int64], float]

ROWS, DRAWS = 1_000, 100
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
DAYS, CHANGE, DAILY, ASKED = 40, 15, 500, 50
TOLERANCE = 0.02


@dataclass(frozen=True)
class Case:
    """What a model says of three samples, and their labels."""

    reference: tuple[Floats, Int64]
    test: tuple[Floats, Int64]
    live: tuple[Floats, Int64]
    metrics: Mapping[str, Metric]
    apart: float = 0.0
    """The largest Kolmogorov-Smirnov distance of a column at work from the reference."""


def accuracy(probabilities: Floats, labels: Int64) -> float:
    """Return the part of the labels that the largest probability is of."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def recall(probabilities: Floats, labels: Int64) -> float:
    """Return the part of the positive ones that are flagged from 0.4 on."""
    return float((probabilities[labels == 1, 1] >= 0.4).mean())


def table(seed: int, rows: int = ROWS, strength: float = 1.0) -> Case:
    """Draw the table; its inputs move along the first two columns."""
    random = np.random.default_rng(seed)
    model, draw = _table(seed)
    parts = [draw(rows, random), draw(rows, random), _moved(*draw(6 * rows, random), (0, 1), rows, random, strength)]
    said = [(model.predict_proba(inputs), labels) for inputs, labels in parts]
    apart = max(ks_2samp(old, new).statistic for old, new in zip(parts[0][0].T, parts[2][0].T, strict=True))
    ranked: Metric = lambda probabilities, labels: average_precision(labels, probabilities[:, 1])  # noqa: E731
    return Case(*said, {"accuracy": accuracy, "average precision": ranked, "recall at 0.4": recall}, float(apart))


def digits(seed: int, rows: int = 400) -> Case:
    """Take digits; at work those with much ink are likelier."""
    random = np.random.default_rng(seed)
    inputs, labels = load_digits(return_X_y=True)
    order = random.permutation(len(labels))
    inputs, labels = inputs[order], labels[order].astype(np.int64)
    train, reference, test = (slice(0, 300), slice(300, 300 + rows), slice(300 + rows, 300 + 2 * rows))
    model = LogisticRegression(max_iter=200).fit(inputs[train], labels[train])
    ink = inputs.mean(axis=1, keepdims=True)
    rest = slice(300 + rows, None)
    place = (ink - ink.mean()) / ink.std()
    weight = np.exp(-1.5 * place[rest, 0])
    chosen = random.choice(len(weight), rows, p=weight / weight.sum()) + 300 + rows
    said = [(model.predict_proba(inputs[of]), labels[of]) for of in (reference, test, chosen)]
    return Case(*said, {"accuracy": accuracy, "macro F1": lambda p, given: macro_f1(p.astype(np.float32), given)})


CASES: Mapping[str, Callable[[int], Case]] = {"table": table, "digits": digits}


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    options = harness.parser(__doc__, quick="4 runs of each").parse_args()
    runs = 4 if options.quick else 60
    shifted = {name: covariate(make, runs) for name, make in CASES.items()}
    changed = {
        name: concept(flip, 4 if options.quick else 20) for name, flip in (("flipped", True), ("control", False))
    }
    believed = {str(strength): moved_by(strength, max(2, runs // 3)) for strength in STRENGTHS}
    figures = {"runs": runs, "shifted": shifted, "believed": believed, "changed": changed}
    harness.finish(figures, report, options.json)


def moved_by(strength: float, runs: int) -> dict[str, float]:
    """Return how far the column that moved most is from the reference, and in which part of the runs ours held."""
    apart, held = [], []
    for seed in range(runs):
        case = table(1_000 + seed, strength=strength)
        probabilities, labels = case.live
        corrected = fit_calibration(*case.reference, draws=DRAWS, seed=seed)
        apart.append(case.apart)
        for metric in case.metrics.values():
            found = expected_metric(probabilities, partial(metric, probabilities), corrected, DRAWS, seed=seed)
            held.append(found.low <= metric(probabilities, labels) <= found.high)
    of_runs = np.array(held).reshape(runs, -1).mean(axis=0)
    return {"apart": float(np.median(apart)), **dict(zip(case.metrics, of_runs.tolist(), strict=True))}


def covariate(make: Callable[[int], Case], runs: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return the error and coverage of each estimate, by metric."""
    found: dict[str, dict[str, list[tuple[float, bool]]]] = {}
    for seed in range(runs):
        case = make(seed)
        probabilities, labels = case.live
        corrected = fit_calibration(*case.reference, draws=DRAWS, seed=seed)
        for name, metric in case.metrics.items():
            true = metric(probabilities, labels)

            def of(drawn: Int64, metric: Metric = metric) -> float:
                return metric(probabilities, drawn)  # noqa: B023

            estimates = {
                "ours": expected_metric(probabilities, of, corrected, DRAWS, seed=seed),
                "probabilities as they are": expected_metric(probabilities, of, EXACT, DRAWS, seed=seed),
                "what the test split said": _bootstrap(metric, *case.test, seed),
            }
            for way, each in estimates.items():
                error = abs(each.estimate - true)
                found.setdefault(name, {}).setdefault(way, []).append((error, each.low <= true <= each.high))
    return {
        name: {way: dict(zip(("error", "held"), np.mean(each, axis=0), strict=True)) for way, each in ways.items()}
        for name, ways in found.items()
    }


def concept(flipped: bool, runs: int) -> dict[str, float]:
    """Return how far the expected and the true accuracy moved, and when the audit sample raised the alarm."""
    moved, real, delays = [], [], []
    for seed in range(runs):
        model, draw = _table(seed)
        random = np.random.default_rng(1_000 + seed)
        reference, labels = draw(3 * ROWS, random)
        said = model.predict_proba(reference)
        corrected = fit_calibration(said, labels, draws=20, seed=seed)
        bound = tolerated(mean_interval((said.argmax(axis=1) != labels).astype(np.float64)), TOLERANCE)
        days = list(_days(model, draw, flipped, random))
        losses, odds = [day[0] for day in days], [day[3] for day in days]
        found = harm(losses, bound, weights=odds, most=DAILY / (UNIFORM * ASKED))
        before, after = (np.concatenate([day[1] for day in part]) for part in (days[:CHANGE], days[CHANGE:]))
        expected = [
            expected_metric(p, lambda drawn, p=p: accuracy(p, drawn), corrected, 20).estimate for p in (before, after)
        ]
        moved.append(expected[1] - expected[0])
        real.append(np.mean([day[2] for day in days[CHANGE:]]) - np.mean([day[2] for day in days[:CHANGE]]))
        delays.append(np.inf if found.alarm is None else found.alarm - CHANGE + 1)
    late = np.array(delays)
    return {
        "expected_moved": float(np.mean(moved)),
        "accuracy_moved": float(np.mean(real)),
        "early": float((late < 1).mean()),
        "found": float(((late >= 1) & np.isfinite(late)).mean()),
        "median_days": float(np.median(late)),
        "days": DAYS - CHANGE,
    }


def _days(
    model: Any, draw: Callable[..., tuple[Floats, Int64]], flipped: bool, random: np.random.Generator
) -> Iterator[tuple[Floats, Floats, float, Floats]]:
    """Yield of each day the losses that were asked for, the probabilities, the true accuracy, and the weights."""
    for day in range(DAYS):
        inputs, labels = draw(DAILY, random)
        if flipped and day >= CHANGE:
            labels = np.where(inputs[:, 2] > 0.84, 1 - labels, labels)
        said = model.predict_proba(inputs)
        wrong = (said.argmax(axis=1) != labels).astype(np.float64)
        odds = asking_probabilities(1 - said.max(axis=1), ASKED)
        asked = random.random(DAILY) < odds
        yield wrong[asked], said, float(1 - wrong.mean()), 1 / odds[asked]


def _table(seed: int) -> tuple[Any, Callable[[int, np.random.Generator], tuple[Floats, Int64]]]:
    """Return a trained model, and what draws rows of its table."""
    random = np.random.default_rng([seed, 1])
    direction = random.normal(0, 1, 8)

    def draw(rows: int, random: np.random.Generator) -> tuple[Floats, Int64]:
        inputs = random.normal(0, 1, (rows, 8))
        logit = inputs @ direction + 1.5 * inputs[:, 0] * inputs[:, 1] - 1.2
        return inputs, (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int64)

    model = HistGradientBoostingClassifier(max_iter=60, random_state=seed).fit(*draw(2_000, random))
    return model, draw


def _moved(
    inputs: Floats, labels: Int64, along: tuple[int, ...], rows: int, random: np.random.Generator, strength: float
) -> tuple[Floats, Int64]:
    weight = np.exp(strength * inputs[:, along].sum(axis=1))
    chosen = random.choice(len(labels), rows, p=weight / weight.sum())
    return inputs[chosen], labels[chosen]


def _bootstrap(metric: Metric, probabilities: Floats, labels: Int64, seed: int) -> Interval:
    random, found = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        rows = random.integers(0, len(labels), len(labels))
        found.append(metric(probabilities[rows], labels[rows]))
    low, high = np.quantile(found, (0.025, 0.975))
    return Interval(metric(probabilities, labels), float(low), float(high))


def report(figures: Mapping[str, Any]) -> None:
    """Print the tables."""
    print(f"{figures['machine']}; {figures['runs']} runs with shifted inputs\n")
    print("| metric | estimate | mean absolute error | interval held |\n|---|---|---|---|")
    for case, metrics in figures["shifted"].items():
        for metric, ways in metrics.items():
            for way, one in ways.items():
                print(f"| {case}, {metric} | {way} | {one['error']:.4f} | {100 * one['held']:.1f} % |")
    metrics = [name for name in next(iter(figures["believed"].values())) if name != "apart"]
    print(f"\n| the column that moved most is apart by | {' | '.join(f'{name} held' for name in metrics)} |")
    print("|---" * (len(metrics) + 1) + "|")
    for one in figures["believed"].values():
        print(f"| {one['apart']:.2f} | {' | '.join(f'{100 * one[name]:.0f} %' for name in metrics)} |")
    print(
        "\n| labels | expected accuracy moved | true accuracy moved | alarm of the audit sample | before the change |"
    )
    print("|---|---|---|---|---|")
    for name, one in figures["changed"].items():
        alarm = f"{100 * one['found']:.0f} % within {one['days']} days, median {one['median_days']:g}"
        moved = f"{100 * one['expected_moved']:+.2f} | {100 * one['accuracy_moved']:+.2f}"
        print(f"| {name} | {moved} | {alarm} | {100 * one['early']:.0f} % |")


if __name__ == "__main__":
    main()
