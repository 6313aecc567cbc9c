"""What int8 is worth: time of an example, size and accuracy of a workload's int8 bundle beside its float32 bundle.

    python -m benchmarks.int8 [--quick] [--json FILE] [--artifacts FOLDER]

FOLDER is what the stages of one workload left (`dvc repro`); artifacts/garments if nothing is said. One thread, single
examples and batches of 32, the bundles taking turns; the control is the float32 bundle, loaded a second time. Of every
arm the median of the times of a call, each the CPU time of the thread, so that other work counts less. The test split
is asked in full.
"""

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from components import catalogue
from components.inference.bundle import MODEL, Bundle
from components.kinds.prepared import PreparedData, open_prepared

ARMS = {"float32": "bundle", "int8": "bundle-int8", "control": "bundle"}
BATCHES = (1, 32)


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="few repetitions")
    parser.add_argument("--artifacts", type=Path, default=harness.ROOT / "artifacts" / "garments")
    options = parser.parse_args()
    figures = measure(options.artifacts, 10 if options.quick else 400)
    harness.finish(figures, report, options.json)


def measure(artifacts: Path, repetitions: int) -> dict[str, Any]:
    """Return the figures of every arm."""
    data = open_prepared(artifacts / "prepared")
    bundles = {arm: Bundle(artifacts / folder) for arm, folder in ARMS.items()}
    figures: dict[str, Any] = {arm: size_and_score(bundle, data) for arm, bundle in bundles.items()}
    for batch in BATCHES:
        times = interleaved(bundles, np.array(data.inputs("test")[:batch]), repetitions)
        for arm, microseconds in times.items():
            figures[arm][f"microseconds of {batch}"] = microseconds
            figures[arm][f"times as fast, {batch}"] = times["float32"] / microseconds
    return {"workload": bundles["float32"].about.workload, "repetitions": repetitions, **figures}


def size_and_score(bundle: Bundle, data: PreparedData) -> dict[str, float]:
    """Return the size of the model, and the part of the test split that is taken for what it is."""
    codec = catalogue.codec(bundle.about.kind, bundle.about.task)
    answers = codec.decide(bundle.outputs(data.inputs("test")), bundle.about.decision)
    right = float((answers == np.asarray(data.labels("test"))).mean())
    return {"megabytes": (bundle.path / MODEL).stat().st_size / 1e6, "right": right}


def interleaved(bundles: dict[str, Bundle], examples: NDArray[Any], repetitions: int) -> dict[str, float]:
    """Return the median time of a call in microseconds, by the arm; the order turns, so that none is always behind."""
    times: dict[str, list[float]] = {arm: [] for arm in bundles}
    for repetition, arm in harness.turns(bundles, repetitions + 2):
        began = time.thread_time()
        bundles[arm].outputs(examples)
        if repetition >= 2:  # the first ones warm up
            times[arm].append(1e6 * (time.thread_time() - began))
    return {arm: statistics.median(taken) for arm, taken in times.items()}


def report(figures: dict[str, Any]) -> None:
    """Print the figures as a Markdown table, one row an arm."""
    print(f"{figures['workload']}, {figures['machine']}, median of {figures['repetitions']}\n")
    columns = list(figures["float32"])
    print("| | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for arm in ARMS:
        print(f"| {arm} | " + " | ".join(f"{figures[arm][column]:.4g}" for column in columns) + " |")


if __name__ == "__main__":
    main()
