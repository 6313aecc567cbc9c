"""How well the network, the autoencoder and both together find the simulated frauds, beside scikit-learn's models.

    python -m benchmarks.fraud [--quick] [--json FILE] [--folder FOLDER]

The data is simulated anew for each seed, which is also that of the models; in each simulation four folds are evaluated,
each a week earlier (prequential). A fold has the handbook's split: a week of training, a week of delay, a week of test
without the cards that are known by then; a day of validation between training and delay, of which only the threshold
is made, so that all models learn from the same week. Features are those of the workload `fraud`. With a part of the
labels, the other labels are hidden from the models and from the features; the test is always the same records.

Printed are the means of average precision, ROC AUC and card precision@100 over seeds and folds, with 95 % intervals
(Student's, each fold of each seed one observation), and mean differences between two models on the same fold. What was
to be chosen (of the network, the trees and the forest) was chosen on other simulations. Beside them stands what the
handbook prints about its own data. `--quick` takes one fold of a simulation of a fifth of the size.
"""

import contextlib
import io
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import harness
from components import catalogue
from components.internals.lightning import quiet
from components.kinds.baseline import limit_threads
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.table import params
from components.kinds.table.evaluation import baseline_features, ranked
from components.kinds.table.prepare import prepare
from components.kinds.table.source import simulator
from components.tasks.detection.evaluation.baselines import baseline
from components.tasks.detection.evaluation.metrics import ranking
from components.training.loop import fit

PREPARE = params.Prepare(
    columns=params.Columns(label="fraud", time="time", id="transaction_id", amount="amount"),
    entities={
        "customer_id": params.Entity(days=[1, 7, 30], measures=["count", "mean"]),
        "terminal_id": params.Entity(days=[1, 7, 30], measures=["count", "risk"], delayed=True),
    },
    card="customer_id",
    delay=7.0,
    split=params.Split(train=7.0, validation=1.0, test=7.0),
)
TRAIN = params.Train(epochs=10, batch_size=512)
METRICS = ("average_precision", "roc_auc", "card_precision_100")
HEADS = ("average precision", "ROC AUC", "card precision@100")

Scores = NDArray[np.floating]
Values = dict[str, list[dict[str, float]]]
"""By model, one set of metrics a fold."""

HANDBOOK = {
    "one fold": {
        "logistic regression": (0.606, 0.871, 0.291),
        "random forest": (0.658, 0.867, 0.287),
        "XGBoost": (0.639, 0.862, 0.273),
        "its network": (0.653, 0.864, 0.286),
        "its semi-supervised network, all labels": (0.651, 0.861, 0.276),
    },
    "tuned, over folds": {
        "XGBoost": (0.687, 0.869, 0.303),
        "its network": (0.675, 0.876, 0.303),
    },
    "without labels": {
        "its autoencoder": (0.180, 0.836, 0.217),
        "its other autoencoder": (0.164, 0.808, 0.190),
    },
}
"""Average precision, ROC AUC, card precision@100, as the handbook prints them: Le Borgne, Siblini, Lebichot and
Bontempi 2022, chapters 3 and 7."""

PAIRS = [
    ("network", "forest, tuned"),
    ("network", "forest, defaults"),
    ("network", "trees, tuned"),
    ("network", "logistic regression"),
    ("autoencoder, with risk", "isolation forest, with risk"),
    ("autoencoder", "isolation forest"),
    ("semi-supervised", "network"),
    ("semi-supervised, 10 %", "network, 10 %"),
    ("semi-supervised, 10 %", "forest, 10 %"),
    ("semi-supervised, 1 %", "network, 1 %"),
    ("semi-supervised, 1 %", "logistic regression, 1 %"),
    ("semi-supervised, 1 %", "autoencoder"),
]
"""Whose difference is printed."""


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="one fold of a small simulation")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    options = parser.parse_args()
    silence()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        values = measure(Path(folder), options.quick)
    minutes = (time.perf_counter() - began) / 60
    harness.finish({"minutes": minutes, "metrics": values, "handbook": HANDBOOK}, report, options.json)


def measure(folder: Path, quick: bool) -> Values:
    """Return the metrics of every model on every fold."""
    values: Values = {}
    for seed in range(1 if quick else 5):
        simulation = simulator.scaled(simulator.Simulation(seed=seed), 0.2 if quick else 1.0)
        raw = simulated(folder, simulation)
        for weeks in range(1 if quick else 4):
            began = time.perf_counter()
            for model, scores, data in models(folder, raw, simulation, weeks, seed):
                found = ranking(np.asarray(data.labels("test")), scores) | ranked(data, scores)
                values.setdefault(model, []).append({**found, "seed": seed, "weeks_earlier": weeks})
            seconds = time.perf_counter() - began
            print(f"seed {seed}, {weeks} weeks earlier: {seconds:.0f} s", file=sys.stderr)
    return values


def models(
    folder: Path, raw: Path, simulation: simulator.Simulation, weeks: int, seed: int
) -> Iterator[tuple[str, Scores, PreparedData]]:
    """Yield each model's name, its scores of the test records, and the data it was trained and is evaluated on."""
    train = TRAIN.model_copy(update={"seed": seed})
    with fold(folder, raw, simulation, weeks, 1.0) as data:
        for name, make in MODELS.items():
            yield name, supervised(data, make(seed)), data
        yield "trees, tuned", beside(data, train), data
        yield "network", trained(data, train), data
        yield "semi-supervised", trained(data, train.model_copy(update={"autoencoder": True})), data
        unlabelled = train.model_copy(update={"labels": "none"})
        yield "isolation forest", beside(data, unlabelled), data
        yield "autoencoder", trained(data, unlabelled), data
        with_risk = replace(data, input={**data.input, "label_features": []})
        yield "isolation forest, with risk", beside(with_risk, unlabelled), data
        yield "autoencoder, with risk", trained(with_risk, unlabelled), data
    for part in (0.1,) if simulation.customers < 5_000 else (0.1, 0.01):
        with fold(folder, raw, simulation, weeks, part) as data:
            behind = f", {100 * part:g} %"
            yield f"logistic regression{behind}", supervised(data, MODELS["logistic regression"](seed)), data
            yield f"forest{behind}", supervised(data, MODELS["forest, tuned"](seed)), data
            yield f"trees{behind}", beside(data, train), data
            yield f"network{behind}", trained(data, train), data
            yield f"semi-supervised{behind}", trained(data, train.model_copy(update={"autoencoder": True})), data


MODELS: dict[str, Callable[[int], Any]] = {
    "logistic regression": lambda _: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
    "forest, defaults": lambda seed: RandomForestClassifier(random_state=seed),
    "forest, tuned": lambda seed: RandomForestClassifier(min_samples_leaf=3, max_features=0.5, random_state=seed),
    "trees, defaults": lambda seed: HistGradientBoostingClassifier(random_state=seed),
}
"""scikit-learn's, by their seed; `trees, tuned` is the baseline of the evaluation."""


def simulated(folder: Path, simulation: simulator.Simulation) -> Path:
    """Write the simulated transactions, as `ingest` does."""
    path = folder / "records.parquet"
    with pq.ParquetWriter(path, simulator.SCHEMA, compression="zstd") as writer:
        for batch in simulator.transactions(simulation):
            writer.write_batch(batch)
    return path


@contextlib.contextmanager
def fold(
    folder: Path, raw: Path, simulation: simulator.Simulation, weeks: int, labelled: float
) -> Iterator[PreparedData]:
    """Prepare the table as it was that many weeks before its end, with a part of its labels."""
    midnight = datetime.combine(simulation.start, datetime.min.time(), UTC)
    end = (midnight + timedelta(days=simulation.days - 7 * weeks)).replace(tzinfo=None)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        cut, out = Path(place) / "records.parquet", Path(place) / "prepared"
        pl.scan_parquet(raw).filter(pl.col("time") < end).sink_parquet(cut)
        out.mkdir()
        with contextlib.redirect_stderr(io.StringIO()):
            prepare(cut, out, PREPARE.model_copy(update={"labelled": labelled}), Path(place) / "schema.yaml")
        yield open_prepared(out)


def supervised(data: PreparedData, model: Any) -> Scores:
    """Return the scores of one of scikit-learn's classifiers, trained on the records whose label is known."""
    known = np.flatnonzero(data.labels("train") >= 0)
    model.fit(data.inputs("train")[known], data.labels("train")[known])
    scores: Scores = model.predict_proba(np.asarray(data.inputs("test")))[:, 1]
    return scores


def beside(data: PreparedData, config: params.Train) -> Scores:
    """Return the scores of the evaluation's baseline, which learns from labels where our own model does."""
    with limit_threads(config):
        return baseline(baseline_features(data, config), config.labels == "all", config.seed)[:, 1]


def trained(data: PreparedData, config: params.Train) -> Scores:
    """Return the scores of our own model, trained as the stage `train` does it."""
    learner = catalogue.learner(data.kind, data.task)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        weights = fit(learner, data, config).weights
    module = learner.module(data, config)
    module.load_state_dict(weights)
    with torch.inference_mode():
        outputs, _ = learner.serving(module)(torch.from_numpy(np.array(data.inputs("test"))))
    scores: Scores = outputs[:, 1].numpy()
    return scores


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    values: Values = figures["metrics"]
    count = len(values["network"])
    print(f"{figures['machine']}; {count} folds in {figures['minutes']:.0f} min")
    print(f"\n{'mean and 95 % interval over the folds':52} " + " ".join(f"{head:>24}" for head in HEADS))
    for model, folds in values.items():
        print(f"{model:52} " + " ".join(f"{interval([one[name] for one in folds]):>24}" for name in METRICS))
    print(f"\n{'difference on the same fold':52} " + " ".join(f"{head:>24}" for head in HEADS))
    for first, second in PAIRS:
        if first in values and second in values:
            apart = [
                [one[name] - other[name] for one, other in zip(values[first], values[second], strict=True)]
                for name in METRICS
            ]
            print(f"{f'{first} - {second}':52} " + " ".join(f"{interval(each, '+.3f'):>24}" for each in apart))
    for title, rows in HANDBOOK.items():
        print(f"\n{f'printed in the handbook, {title}':52} " + " ".join(f"{head:>24}" for head in HEADS))
        for model, printed in rows.items():
            print(f"{model:52} " + " ".join(f"{value:>24.3f}" for value in printed))


def interval(found: list[float], form: str = ".3f") -> str:
    """Return the mean of the observations, and its 95 % interval if there are several."""
    mean = float(np.mean(found))
    if len(found) < 2:
        return f"{mean:{form}}"
    half = float(stats.t.ppf(0.975, len(found) - 1) * np.std(found, ddof=1) / np.sqrt(len(found)))
    return f"{mean:{form}} ({mean - half:{form}}, {mean + half:{form}})"


def silence() -> None:
    """Keep what Lightning and our own stages say off the console."""
    quiet()
    logging.getLogger("components").setLevel(logging.ERROR)


if __name__ == "__main__":
    main()
