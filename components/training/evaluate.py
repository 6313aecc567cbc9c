"""Stage `evaluate`: measure the bundle, by the very code that serves it, on the test split, with a baseline beside it.

report/metrics.json    the kind's metrics, and the baseline's
report/confusion.csv   one row a test example: what it is, what was predicted
report/figures/        the kind's figures, as PNG
"""

import csv
import logging
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.config import entry
from components.config.files import read_json, whole_directory, whole_file, write_json
from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds import catalogue
from components.kinds.baseline import Comparison, compare
from components.kinds.prepared import PreparedData, open_prepared
from components.tracking.runs import log_exam, run_of_record
from components.tracking.store import open_store

logger = logging.getLogger(__name__)

_DPI = 110


def evaluate(name: str) -> None:
    """Measure the bundle of the workload `name`, and tell the MLflow run that taught it."""
    workload = catalogue.workload(name)
    exam, metric = catalogue.exam(workload.kind), catalogue.metric(workload.kind)
    data = open_prepared(artifacts(name, "prepared"))
    bundle = Bundle(artifacts(name, "bundle"))
    decision = bundle.about.decision
    probabilities = bundle.probabilities(data.inputs("test"))
    metrics = exam.measure(data, probabilities, decision, workload.train)
    report = artifacts(name, "report")
    _write_figures(report / "figures", exam.figures(data, probabilities, decision, workload.train))
    _write_confusion(report / "confusion.csv", data, catalogue.codec(workload.kind).decide(probabilities, decision))
    write_json(report / "metrics.json", metrics)
    comparison = compare(metrics, metric)
    _tell_run(name, metrics, comparison)
    logger.info("evaluated %s on %s test examples: %s", name, f"{len(probabilities):,}", _line(metrics))
    if not comparison.beaten:
        logger.warning("%s does not beat its baseline in %s: %s", name, metric, comparison)


def _tell_run(name: str, metrics: dict[str, float], comparison: Comparison) -> None:
    store = open_store(name)
    run = run_of_record(store, read_json(artifacts(name, "weights") / "run.json"))
    log_exam(store, run, metrics, comparison.beaten)
    store.client.log_artifacts(run.info.run_id, str(artifacts(name, "report")), "report")


def _write_figures(folder: Path, figures: dict[str, Figure]) -> None:
    with whole_directory(folder) as draft:
        for title, figure in figures.items():
            figure.savefig(draft / f"{title}.png", dpi=_DPI, metadata={"Software": None})


def _write_confusion(path: Path, data: PreparedData, predicted: NDArray[np.int64]) -> None:
    with whole_file(path) as draft, draft.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["actual", "predicted"])
        for actual, answer in zip(data.labels("test"), predicted, strict=True):
            writer.writerow([data.classes[actual], data.classes[answer]])


def _line(metrics: dict[str, float]) -> str:
    return ", ".join(f"{key} {value:.4f}" for key, value in metrics.items())


if __name__ == "__main__":
    entry.run(evaluate)
