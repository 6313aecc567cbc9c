"""What the second output of a served graph, `embedding`, costs a run of it: pictures, with it and without.

    python -m benchmarks.embedding [--quick] [--json FILE]

The networks of the recipes for pictures, with fresh weights, on grey pictures of 28 x 28 and of ten classes. The graph
with both outputs, as it is in a bundle, asked for the answer alone (what the endpoint does) and for both, takes turns
with the same graph without that output; the control is the latter, loaded a second time. One thread; of every arm the
median CPU time of a call. `--quick` takes one recipe, and few calls.
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import graphs, harness
from components import catalogue
from components.kinds.image import params
from components.kinds.image.params.recipes import FRESH
from components.kinds.prepared import SPLITS, open_prepared, write_about

_BATCHES = (1, 32)
_SIDE = 28
_CLASSES = 10


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    options = harness.parser(__doc__, quick="one recipe, few calls").parse_args()
    recipes = ["quick"] if options.quick else list(FRESH)
    rows = [row for recipe in recipes for row in measured(recipe, 10 if options.quick else 400)]
    harness.finish({"rows": rows}, report, options.json)


def measured(recipe: str, calls: int) -> list[dict[str, Any]]:
    """Return the microseconds of a call of each arm, a row for each size of a batch."""
    pictures = np.random.default_rng(0).integers(0, 256, (max(_BATCHES), _SIDE, _SIDE, 1), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        for split in SPLITS:
            np.save(Path(folder) / f"{split}_inputs.npy", pictures)
            np.save(Path(folder) / f"{split}_labels.npy", np.arange(len(pictures)) % _CLASSES)
        about = {"height": _SIDE, "width": _SIDE, "channels": 1, "background": 255}
        counts = dict.fromkeys(SPLITS, len(pictures))
        write_about(Path(folder), "image", [str(digit) for digit in range(_CLASSES)], about, counts, "classification")
        data, learner = open_prepared(Path(folder)), catalogue.learner("image", "classification")
        module = learner.module(data, params.Train.model_validate({"recipe": recipe}))
        graph = graphs.exported(learner.serving(module), pictures)
    whole, bare = graphs.session(graph), graphs.without_embedding(graph)
    asked = {
        "without": (graphs.session(bare), [graphs.ANSWER]),
        "the answer alone": (whole, [graphs.ANSWER]),
        "both": (whole, None),
        "control": (graphs.session(bare), [graphs.ANSWER]),
    }
    rows = []
    for batch in _BATCHES:
        arms = {
            arm: partial(session.run, outputs, {"inputs": pictures[:batch]})
            for arm, (session, outputs) in asked.items()
        }
        rows.append({"recipe": recipe, "pictures": batch, **graphs.interleaved(arms, calls // (1 + batch // 8))})
    return rows


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{figures['machine']}\n")
    print("| recipe | pictures | without | the answer alone | both | control |\n|---|---|---|---|---|---|")
    for row in figures["rows"]:
        bare = row["without"]
        cells = [f"{100 * (row[arm] / bare - 1):+.1f} %" for arm in ("the answer alone", "both", "control")]
        print(f"| {row['recipe']} | {row['pictures']} | {bare:,.0f} µs | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
