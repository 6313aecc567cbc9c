"""What decoding large JPEGs at a reduced size costs and gains: answers and time, by how many times the pixels are kept.

    python -m benchmarks.draft [--quick] [--json FILE] [--artifacts FOLDER] [--count N]

FOLDER is what the stages of a workload of pictures left (`dvc repro`); artifacts/garments if nothing is said. Pictures
of the test split are enlarged (bicubic) to the sizes, in pixels of the shorter side, and written as JPEG of quality 90,
as a camera would. A decoder that keeps 2 times the pixels that the model takes a side halves a picture while it has
four times as many; `none` decodes all of it. Of each arm: how many labels are other ones than with `none`, the largest
difference of an output, how many are right, and the median CPU time of reading one picture, arms taking turns.
"""

import io
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import harness
from components import catalogue
from components.inference.bundle import Bundle
from components.kinds.image.codec.file import DecodeLimits
from components.kinds.image.codec.picture import decode
from components.kinds.prepared import open_prepared

FACTORS = {"2": 2, "4": 4, "8": 8, "none": 1 << 20}
SIZES = (200, 520, 1000, 3000)
"""Of the shorter side; the longer one is 4/3 of it: 3000 x 4000 is 12 megapixels."""
QUALITY = 90
_LARGE = 1_000  # a side from which on fewer pictures are read
_TAKEN = DecodeLimits()


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="few pictures, two sizes")
    parser.add_argument("--artifacts", type=Path, default=harness.ROOT / "artifacts" / "garments")
    parser.add_argument("--count", type=int, help="pictures of a size (200; of large ones an eighth)")
    options = parser.parse_args()
    count = options.count or (8 if options.quick else 200)
    sizes = SIZES[:2] if options.quick else SIZES
    figures = {"sizes": {size: measure(options.artifacts, size, count) for size in sizes}}
    harness.finish(figures, report, options.json)


def measure(artifacts: Path, size: int, count: int) -> dict[str, Any]:
    """Return the figures of every arm at a size."""
    bundle, data = Bundle(artifacts / "bundle"), open_prepared(artifacts / "prepared")
    count = count if size < _LARGE else max(4, count // 8)
    chosen = np.linspace(0, data.counts["test"] - 1, count).round().astype(int)
    files = [enlarged(data.inputs("test")[index], size) for index in chosen]
    read: dict[str, list[NDArray[np.uint8]]] = {arm: [] for arm in FACTORS}
    times: dict[str, list[float]] = {arm: [] for arm in FACTORS}
    for file in files:
        for _, arm in harness.turns(FACTORS, 1):
            began = time.thread_time()
            read[arm].append(decode(file, {**bundle.about.input, "draft": FACTORS[arm]}, _TAKEN))
            times[arm].append(1e3 * (time.thread_time() - began))
    outputs = {arm: bundle.outputs(np.stack(pictures)) for arm, pictures in read.items()}
    decide = catalogue.codec(bundle.about.kind, bundle.about.task).decide
    labels = {arm: decide(found, bundle.about.decision) for arm, found in outputs.items()}
    right = np.asarray(data.labels("test"))[chosen]
    return {
        arm: {
            "pictures": count,
            "other labels": int((labels[arm] != labels["none"]).sum()),
            "largest difference": float(np.abs(outputs[arm] - outputs["none"]).max()),
            "right": float((labels[arm] == right).mean()),
            "CPU ms": statistics.median(times[arm]),
        }
        for arm in FACTORS
    }


def enlarged(example: NDArray[np.uint8], size: int) -> bytes:
    """Return the example as a JPEG file, 4/3 as wide as it is high."""
    plain = Image.fromarray(example[..., 0] if example.shape[-1] == 1 else example).convert("RGB")
    buffer = io.BytesIO()
    plain.resize((size * 4 // 3, size), Image.Resampling.BICUBIC).save(buffer, format="JPEG", quality=QUALITY)
    return buffer.getvalue()


def report(figures: dict[str, Any]) -> None:
    """Print the figures as a Markdown table, one row a size and factor."""
    print(f"{figures['machine']}\n")
    columns = list(next(iter(figures["sizes"].values()))["none"])
    print("| shorter side | kept | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for size, arms in figures["sizes"].items():
        for arm, found in arms.items():
            print(f"| {size} | {arm} | " + " | ".join(f"{found[column]:.4g}" for column in columns) + " |")


if __name__ == "__main__":
    main()
