"""In how many days corrupted pictures are noticed, by their severity and their part of the traffic.

    python -m benchmarks.picture_drift [--quick] [--json FILE] [--artifacts FOLDER]

FOLDER is what the stages of one workload of pictures left (`dvc repro`); artifacts/garments if nothing is said. The
reference is the validation split: the model's probabilities, and brightness, contrast, sharpness and the share of
dark pixels. A day has 1,000 pictures of the test split; after ten clean days each is corrupted with the probability
that the table names, for 20 days, by each of the evaluation's corruptions. Printed is the part of the runs in which
an alarm came within two days, and the median of days, over all corruptions and for the one that is hardest to find.
Beside ours stands a Kolmogorov-Smirnov test of the probabilities alone (black box shift detection, Rabanser and
others 2019), whose threshold is the one at which 5 % of clean streams of 30 days raise an alarm; and that part of ours
that looks at the embeddings of 200 pictures of each day, which has the rest of the one false-alarm rate. The control is
clean to the end.
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
from components.watch.drifted import ALPHA
from components.watch.embeddings import ROWS
from components.watch.statistics.drift import Day, Reference, along, fit_reference, principal_axes, watch
from components.watch.statistics.drift.effects import distances

Columns = dict[str, NDArray[Any]]
Codes = NDArray[np.int64]
"""`[pictures, columns]`: the bins of each picture's numbers."""

CLEAN, CORRUPTED, DAILY = 10, 20, 1_000
SEVERITIES, PARTS = (1, 2, 3), (0.1, 0.5, 1.0)
TRAINED = 1_000
"""Training examples by which the axes of embeddings are told, as an export does it."""
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
    axes = principal_axes(embedding_of(bundle, np.asarray(data.inputs("train")[:TRAINED])))
    assert axes is not None

    def watched(pictures: NDArray[np.uint8]) -> tuple[Columns, Columns]:
        return watched_of(bundle, pictures), dict(along(axes, embedding_of(bundle, pictures)))

    references = [fit_reference(each) for each in watched(np.asarray(data.inputs("validation")))]
    reference = references[0]

    def coded(pictures: NDArray[np.uint8]) -> list[Codes]:
        return [codes(known, each) for known, each in zip(references, watched(pictures), strict=True)]

    every = np.asarray(data.inputs("test"))
    clean, pictures = coded(every), every[: 200 if quick else POOL]
    runs, streams = (2, 4) if quick else (20, 200)
    control = [stream(references, clean, clean, 0.0, seed) for seed in range(streams)]
    limit = float(np.quantile([max(peer(reference, days)) for days, _ in control], 0.95))
    alarms = np.array([[any(each) for each in alarmed(references, days)] for days in control])
    found = []
    for name in list(CORRUPTIONS)[: 2 if quick else None]:
        for severity in SEVERITIES:
            bad = coded(CORRUPTIONS[name](pictures, severity, 0))
            for part in PARTS:
                days = [stream(references, clean, bad, part, 10_000 + seed) for seed in range(runs)]
                said = [alarmed(references, each) for each in days]
                tests = {
                    "ours": [delay(np.any(each, axis=0).tolist()) for each in said],
                    "embeddings": [delay(each[1]) for each in said],
                    "output KS": [delay([value > limit for value in peer(reference, each[0])]) for each in days],
                }
                found.append({"corruption": name, "severity": severity, "part": part, **tests})
    return {
        "runs": runs,
        "streams": streams,
        "false_alarms": float(alarms.any(axis=1).mean()),
        "false_alarms_of_embeddings": float(alarms[:, 1].mean()),
        "found": found,
    }


def watched_of(bundle: Bundle, pictures: NDArray[np.uint8]) -> Columns:
    """Return what is watched of each picture."""
    return columns(bundle.about, pictures, bundle.outputs(pictures))


def embedding_of(bundle: Bundle, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the embedding of each picture."""
    found = bundle.embedding(pictures)
    assert found is not None
    return found


def codes(reference: Reference, watched: Columns) -> Codes:
    """Return the bins of each picture, so that a day is drawn in no time."""
    return np.stack([bins.codes(watched[name]) for name, bins in reference.bins.items()], axis=1)


def stream(
    references: list[Reference], clean: list[Codes], bad: list[Codes], part: float, seed: int
) -> list[list[Day]]:
    """Draw the days, each of 1,000 pictures of the pool: of all of them the columns, of 200 the embeddings."""
    random = np.random.default_rng(seed)
    none = np.empty(0, dtype=np.int64)
    days: list[list[Day]] = [[] for _ in references]
    for day in range(CLEAN + CORRUPTED):
        chosen = random.integers(0, len(clean[0]), DAILY)
        hit = (random.random(DAILY) < part) & (day >= CLEAN)
        for its, known, good, other, count in zip(days, references, clean, bad, (DAILY, ROWS), strict=True):
            width, some = known.counts.shape[-1], chosen[:count]
            rows = np.where(hit[:count, None], other[some % len(other)], good[some]) + np.arange(good.shape[1]) * width
            counts = np.bincount(rows.ravel(), minlength=good.shape[1] * width).reshape(-1, width)
            its.append(Day(counts, count, none, none))
    return days


def alarmed(references: list[Reference], days: list[list[Day]]) -> list[list[bool]]:
    """Return on which days there is an alarm, by columns and by embeddings, of one false-alarm rate."""
    total = sum(len(known.bins) for known in references)
    return [
        [day.alarm for day in watch(known, its, ALPHA * len(known.bins) / total)]
        for known, its in zip(references, days, strict=True)
    ]


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
    print(f"clean streams with an alarm, of {figures['streams']}: {100 * figures['false_alarms']:.1f} %,", end="")
    print(f" by embeddings {100 * figures['false_alarms_of_embeddings']:.1f} %\n")
    print("| severity | part of the traffic | test | within 2 days | 7 days | median | hardest | its median |")
    print("|---|---|---|---|---|---|---|---|")
    for severity in SEVERITIES:
        for part in PARTS:
            cells = [one for one in figures["found"] if (one["severity"], one["part"]) == (severity, part)]
            for test in ("ours", "embeddings", "output KS"):
                every = np.concatenate([one[test] for one in cells])
                hardest = max(cells, key=lambda one: (np.median(one[test]), np.mean(np.array(one[test]) > 2)))
                parts = " | ".join(f"{100 * (every <= days).mean():.0f} %" for days in (2, 7))
                worst = f"{hardest['corruption']} | {np.median(hardest[test]):g}"
                print(f"| {severity} | {100 * part:.0f} % | {test} | {parts} | {np.median(every):g} | {worst} |")


if __name__ == "__main__":
    main()
