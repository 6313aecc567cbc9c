"""Recall of a fraud model whose labels come a week late and for some payments alone: how often an interval holds it.

    python -m benchmarks.late_labels [--quick] [--json FILE]

A run has 63 days of 20 frauds on average, of which the model flags 60 %. *Investigated*: flagged payments are looked
at the next day, of the others one in twenty, whose label takes a week. *Accepted*: flagged payments are declined and
nobody learns what they were, but for one in twenty that is let through; the label of an accepted one takes up to a
week. Each Monday somebody looks. Printed is, of 500 runs, in how many the 95 % interval held the true recall at the
last look and at every look, and its mean half width at the last. *Ours* counts cohorts whose week is over, each label
by one over the probability that it would be known, and its interval holds at all looks at once
(`components/watch/statistics`). The others: the share of flagged frauds among all labels so far, with Wilson's
interval; the same of cohorts that are over; and the same weighted, with the interval of the delta method.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from benchmarks import harness
from components.watch.statistics.confidence_sequence import share_interval
from components.watch.statistics.delayed import matured, weights
from components.watch.statistics.interval import Interval

DAYS, FRAUDS, RECALL, SHARE, DELAY = 63, 20, 0.6, 0.05, 7
Z = float(norm.ppf(0.975))


class Run:
    """The frauds of one run: when each was, whether it was flagged, and when its label comes, if it does."""

    def __init__(self, seed: int, accepted: bool) -> None:
        random = np.random.default_rng(seed)
        self.day = np.sort(random.integers(0, DAYS, random.poisson(DAYS * FRAUDS)))
        self.flagged = random.random(len(self.day)) < RECALL
        self.probability = np.where(self.flagged == accepted, SHARE, 1.0)
        late = np.where(self.flagged & (not accepted), 1, random.integers(1, DELAY + 1, len(self.day)))
        asked = random.random(len(self.day)) < self.probability
        self.known_at = np.where(asked, self.day + late, 10 * DAYS)
        self.most = (1 / SHARE, 1.0) if accepted else (1.0, 1 / SHARE)
        """The largest weight of a flagged fraud, and of another one."""


def ours(run: Run, now: int) -> Interval:
    """Return the interval that `components.watch` gives."""
    over = matured(run.day.astype("datetime64[D]"), np.timedelta64(DELAY, "D"), np.datetime64(now, "D"))
    known = over & (run.known_at <= now)
    return share_interval(run.flagged[known], weights(known, run.probability)[known], run.most)


def all_labels(run: Run, now: int) -> Interval:
    """Return Wilson's interval of all labels that are there."""
    return _wilson(run.flagged[run.known_at <= now])


def cohorts(run: Run, now: int) -> Interval:
    """Return Wilson's interval of the labels of days that are over."""
    return _wilson(run.flagged[(run.known_at <= now) & (run.day + DELAY <= now)])


def weighted_once(run: Run, now: int) -> Interval:
    """Return the weighted share of days that are over, and the interval for one look."""
    known = (run.known_at <= now) & (run.day + DELAY <= now)
    flagged, weight = run.flagged[known], 1 / run.probability[known]
    share = float(weight @ flagged / weight.sum())
    half = Z * float(np.sqrt(((weight * (flagged - share)) ** 2).sum()) / weight.sum())
    return Interval(share, share - half, share + half)


WAYS: Mapping[str, Callable[[Run, int], Interval]] = {
    "ours": ours,
    "all labels so far": all_labels,
    "labels of days that are over": cohorts,
    "weighted, interval of one look": weighted_once,
}


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    options = harness.parser(__doc__, quick="20 runs").parse_args()
    runs = 20 if options.quick else 500
    figures = {name: measured(accepted, runs) for name, accepted in (("investigated", False), ("accepted", True))}
    harness.finish({"runs": runs, "cases": figures}, report, options.json)


def measured(accepted: bool, runs: int) -> dict[str, dict[str, float]]:
    """Return how often each way's interval held the recall, and how wide it was."""
    held: dict[str, list[list[bool]]] = {name: [] for name in WAYS}
    widths: dict[str, list[float]] = {name: [] for name in WAYS}
    for seed in range(runs):
        run = Run(seed, accepted)
        for name, way in WAYS.items():
            found = [way(run, now) for now in range(14, DAYS + 1, 7)]
            held[name].append([each.low <= RECALL <= each.high for each in found])
            widths[name].append(found[-1].half_width)
    return {
        name: {
            "last": float(np.mean([each[-1] for each in held[name]])),
            "always": float(np.mean([all(each) for each in held[name]])),
            "half_width": float(np.mean(widths[name])),
        }
        for name in WAYS
    }


def report(figures: Mapping[str, Any]) -> None:
    """Print a table for each way of getting labels."""
    print(f"{figures['machine']}; {figures['runs']} runs")
    for case, found in figures["cases"].items():
        print(f"\n| labels of flagged payments {case} | held at the last look | at every look | half width |")
        print("|---|---|---|---|")
        for name, one in found.items():
            print(f"| {name} | {100 * one['last']:.1f} % | {100 * one['always']:.1f} % | {one['half_width']:.3f} |")


def _wilson(hits: NDArray[np.bool_]) -> Interval:
    count, share = max(len(hits), 1), float(hits.mean()) if len(hits) else 0.5
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * float(np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2)))
    return Interval(share, middle - half, middle + half)


if __name__ == "__main__":
    main()
