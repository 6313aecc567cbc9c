"""In how many days corrupted pictures are noticed, by their severity and their part of the traffic.

    python -m benchmarks.picture_drift [--quick] [--json FILE] [--artifacts FOLDER]

FOLDER is what the stages of one workload of pictures left (`dvc repro`); artifacts/garments if nothing is said. The
reference is the validation split: the model's probabilities, and brightness, contrast, sharpness and the share of
dark pixels. A day has 1,000 pictures of the test split; after ten clean days each is corrupted with the probability
that the table names, for 20 days, by each of the evaluation's corruptions. Printed is the part of the runs in which
an alarm came within two days, and the median of days, over all corruptions and for the one that is hardest to find.
Beside ours stands a Kolmogorov-Smirnov test of the probabilities alone (black box shift detection, Rabanser and
others 2019), whose threshold is the one at which 5 % of clean streams of 30 days raise an alarm. The control is clean
to the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from components.inference.bundle import Bundle
from components.kinds.image.evaluation.corruption import CORRUPTIONS
from components.kinds.prepared import open_prepared
from components.watch.columns import OUTPUT, columns
from components.watch.statistics.drift import Day, Reference, fit_reference, watch
from components.watch.statistics.drift.effects import distances

Columns = dict[str, NDArray[Any]]
Codes = NDArray[np.int64]
"""`[pictures, columns]`: the bins of each picture's numbers."""

CLEAN, CORRUPTED, DAILY = 10, 20, 1_000
SEVERITIES, PARTS = (1, 2, 3), (0.1, 0.5, 1.0)
POOL = 4_000
"""Pictures of the test split that are corrupted."""


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="two corruptions, few pictures and runs")
    parser.add_argument("--artifacts", type=Path, default=harness.ROOT / "artifacts" / "garments")
    options = parser.parse_args()
    figures = measure(options.artifacts, options.quick)
    harness.finish(figures, report, options.json)


def measure(artifacts: Path, quick: bool) -> dict[str, Any]:
    """Return the days to the alarm of every corruption, severity and part of the traffic."""
    data, bundle = open_prepared(artifacts / "prepared"), Bundle(artifacts / "bundle")
    reference = fit_reference(watched_of(bundle, np.asarray(data.inputs("validation"))))
    every = np.asarray(data.inputs("test"))
    clean, pictures = codes(reference, watched_of(bundle, every)), every[: 200 if quick else POOL]
    runs, streams = (2, 4) if quick else (20, 200)
    control = [stream(reference, clean, clean, 0.0, seed) for seed in range(streams)]
    limit = float(np.quantile([max(peer(reference, days)) for days in control], 0.95))
    alarms = [any(day.alarm for day in watch(reference, days)) for days in control]
    found = []
    for name in list(CORRUPTIONS)[: 2 if quick else None]:
        for severity in SEVERITIES:
            bad = codes(reference, watched_of(bundle, CORRUPTIONS[name](pictures, severity, 0)))
            for part in PARTS:
                days = [stream(reference, clean, bad, part, 10_000 + seed) for seed in range(runs)]
                ours = [delay([day.alarm for day in watch(reference, each)]) for each in days]
                theirs = [delay([value > limit for value in peer(reference, each)]) for each in days]
                found.append(
                    {"corruption": name, "severity": severity, "part": part, "ours": ours, "output KS": theirs}
                )
    return {"runs": runs, "streams": streams, "false_alarms": float(np.mean(alarms)), "found": found}


def watched_of(bundle: Bundle, pictures: NDArray[np.uint8]) -> Columns:
    """Return what is watched of each picture."""
    return columns(bundle.about, pictures, bundle.outputs(pictures))


def codes(reference: Reference, watched: Columns) -> Codes:
    """Return the bins of each picture, so that a day is drawn in no time."""
    return np.stack([bins.codes(watched[name]) for name, bins in reference.bins.items()], axis=1)


def stream(reference: Reference, clean: Codes, bad: Codes, part: float, seed: int) -> list[Day]:
    """Draw the days, each of 1,000 pictures of the pool."""
    random = np.random.default_rng(seed)
    width, none = reference.counts.shape[-1], np.empty(0, dtype=np.int64)
    days = []
    for day in range(CLEAN + CORRUPTED):
        chosen = random.integers(0, len(clean), DAILY)
        hit = (random.random(DAILY) < part) & (day >= CLEAN)
        rows = np.where(hit[:, None], bad[chosen % len(bad)], clean[chosen]) + np.arange(clean.shape[1]) * width
        counts = np.bincount(rows.ravel(), minlength=clean.shape[1] * width).reshape(-1, width)
        days.append(Day(counts, DAILY, none, none))
    return days


def peer(reference: Reference, days: Sequence[Day]) -> Iterator[float]:
    """Yield of each day the largest Kolmogorov-Smirnov distance of the probabilities."""
    outputs = np.array([name.startswith(OUTPUT) and bins.edges is not None for name, bins in reference.bins.items()])
    before = reference.counts[0] / reference.rows[0]
    for day in days:
        yield float(distances(day.counts / day.rows, before, reference.category)[outputs].max())


def delay(alarms: Sequence[bool]) -> float:
    """Return the days from the first corrupted one to the alarm, 1 being the first; infinite without one."""
    after = np.flatnonzero(alarms[CLEAN:])
    return float(after[0] + 1) if len(after) else float("inf")


def report(figures: Mapping[str, Any]) -> None:
    """Print the table."""
    print(f"{figures['machine']}; {figures['runs']} runs of each corruption")
    print(f"clean streams with an alarm, of {figures['streams']}: {100 * figures['false_alarms']:.1f} %\n")
    print("| severity | part of the traffic | test | within 2 days | 7 days | median | hardest | its median |")
    print("|---|---|---|---|---|---|---|---|")
    for severity in SEVERITIES:
        for part in PARTS:
            cells = [one for one in figures["found"] if (one["severity"], one["part"]) == (severity, part)]
            for test in ("ours", "output KS"):
                every = np.concatenate([one[test] for one in cells])
                hardest = max(cells, key=lambda one: (np.median(one[test]), np.mean(np.array(one[test]) > 2)))
                parts = " | ".join(f"{100 * (every <= days).mean():.0f} %" for days in (2, 7))
                worst = f"{hardest['corruption']} | {np.median(hardest[test]):g}"
                print(f"| {severity} | {100 * part:.0f} % | {test} | {parts} | {np.median(every):g} | {worst} |")


if __name__ == "__main__":
    main()
