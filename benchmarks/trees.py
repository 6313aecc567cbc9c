"""Boosted trees as they are served, beside scikit-learn's own prediction: time of a call, and how far they differ.

    python -m benchmarks.trees [--quick] [--json FILE]

Tumours (one sequence of trees) and digits (ten) as tables, prepared as in `benchmarks.pairs`. The graph is what
`train.model: trees` serves, at temperature 1; scikit-learn's estimator is the one that it was made from, fitted again
with as many rounds. Both on one thread and on the same records, taking turns; the control is the graph, loaded a second
time. Of each the median CPU time of a call. `--quick` takes the tumours, and few calls.
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks import graphs, harness
from benchmarks.fraud import silence
from benchmarks.pairs import Split, prepared
from components import catalogue
from components.internals.sklearn import boosted_rounds
from components.kinds.table.learner.encoding import FeatureLayout
from components.kinds.table.learner.trees.boosting import boosted
from components.kinds.table.learner.trees.columns import Columns
from components.training.altered import altered
from components.training.models import train_models
from components.training.restore import TREES, restored

_SETS = ("table, detection: tumours", "table, classification: digits")
_RECORDS = (1, 100)


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    options = harness.parser(__doc__, quick="the tumours, few calls").parse_args()
    silence()
    torch.set_num_threads(1)
    rows = []
    for name in _SETS[:1] if options.quick else _SETS:
        with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
            rows += measured(name, prepared(name, Path(folder), 0), 10 if options.quick else 300)
    harness.finish({"rows": rows}, report, options.json)


def measured(name: str, split: Split, calls: int) -> list[dict[str, Any]]:
    """Return times and difference, a row for each count of records."""
    data, config = split.data, altered(split.train, model=TREES)
    learner, test = catalogue.learner(data.kind, data.task), np.array(data.inputs("test"))
    module = restored(learner, data, config, train_models(learner, data, config).weights)
    graph = graphs.exported(learner.serving(module), test)
    session, again = graphs.session(graph), graphs.session(graph)
    estimator, columns = _scikit_learns(split)
    theirs = estimator.predict_proba(columns.arranged(test))
    (ours,) = session.run([graphs.ANSWER], {"inputs": test})
    labels = np.asarray(data.labels("test"))
    about = {
        "set": name.partition(": ")[2],
        "trees": sum(map(len, boosted_rounds(estimator))),
        "difference": float(np.abs(ours - theirs).max()),
        "right": [float((answers.argmax(axis=1) == labels).mean()) for answers in (ours, theirs)],
    }
    rows = []
    for count in _RECORDS:
        records = test[:count]
        arms = {
            "graph": partial(session.run, [graphs.ANSWER], {"inputs": records}),
            "scikit-learn": partial(estimator.predict_proba, columns.arranged(records)),
            "control": partial(again.run, [graphs.ANSWER], {"inputs": records}),
        }
        rows.append({**about, "records": count, **graphs.interleaved(arms, calls)})
    return rows


def _scikit_learns(split: Split) -> tuple[HistGradientBoostingClassifier, Columns]:
    """Return the estimator that the served trees were made from, without the rounds that they leave out."""
    data = split.data
    train, validation = ((np.array(data.inputs(name)), np.array(data.labels(name))) for name in ("train", "validation"))
    columns = Columns.of(FeatureLayout.of(data.input), train[0])
    found = boosted(HistGradientBoostingClassifier, columns, train, validation, split.train.seed)
    estimator = found.estimator.set_params(max_iter=len(found.rounds), early_stopping=False)
    return estimator.fit(columns.arranged(train[0]), train[1]), columns


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{figures['machine']}\n")
    print("| set | trees | records | the graph | scikit-learn | control | right, both | largest difference |")
    print("|---|---|---|---|---|---|---|---|")
    for row in figures["rows"]:
        right = " and ".join(f"{share:.1%}" for share in row["right"])
        print(
            f"| {row['set']} | {row['trees']} | {row['records']} | {row['graph']:,.0f} µs | "
            f"{row['scikit-learn']:,.0f} µs | {row['control'] / row['graph']:.2f} | {right} | {row['difference']:.1g} |"
        )


if __name__ == "__main__":
    main()
