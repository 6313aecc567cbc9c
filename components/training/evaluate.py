"""Stage `evaluate`: measure all bundles, by the very code that serves them, on the test split, a baseline beside them.

report/served.json       which of them is served, and why
report/precisions.json   of each, the deciding metric, the size, and the part that is flagged as unfamiliar
report/metrics.json      of the one that is served, the kind's metrics, and the baseline's
report/confusion.csv     of the same, one row a test example: what it is, what was predicted
report/figures/          of the same, the kind's figures, as PNG
"""

import csv
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components import catalogue
from components.config.params import Workload
from components.config.settings import artifacts
from components.inference.bundle import MODEL, Bundle
from components.inference.footprint import milliseconds
from components.kinds.baseline import BaselineComparison, compare_with_baseline
from components.kinds.cross_validation import read_cross_validation
from components.kinds.prepared import PreparedData, open_prepared
from components.system import entry
from components.system.files import read_json, whole_directory, whole_file, write_json
from components.tasks.evaluation import TaskEvaluation
from components.tracking.runs import log_evaluation, log_metrics, run_of_record
from components.tracking.store import open_store
from components.training.caught import CAUGHT, FALSE_ALARMS, caught
from components.training.formatting import listed
from components.training.precision import choose
from components.training.served import Precision, Served, bundle_path, made, write_served

logger = logging.getLogger(__name__)

_DPI = 110
_FIFTHS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class MeasuredBundle:
    """A bundle, and what it reached on the test split."""

    bundle: Bundle
    outputs: NDArray[np.float32]
    metrics: dict[str, float]
    flagged: float | None
    """The share of the test split that is flagged as unfamiliar; None: the bundle cannot tell."""


def evaluate(name: str) -> None:
    """Measure the bundles of the workload `name`, choose the one to serve, tell the MLflow run that trained them."""
    workload = catalogue.workload(name)
    data = open_prepared(artifacts(name, "prepared"))
    evaluation = catalogue.evaluation(data.kind, data.task)
    metric = evaluation.metric(data, workload.train)
    lower_is_better = evaluation.lower_is_better(metric)
    each = {precision: _measure(bundle_path(name, precision), data, workload, evaluation) for precision in made(name)}
    margin = workload.serve.margin * evaluation.unit(data, workload.train)
    served = _served(each, workload, metric, margin, lower_is_better)
    side_by_side = _side_by_side(each, metric)
    ours = each[served.precision]
    write_served(name, served)
    write_json(artifacts(name, "report") / "precisions.json", side_by_side)
    _report(artifacts(name, "report"), data, workload, evaluation, ours)
    precisions = side_by_side | _speed(each, data)
    strangers = caught(ours.bundle, data, evaluation, workload.train)
    validated = read_cross_validation(name)
    comparison = compare_with_baseline(ours.metrics, metric, lower_is_better)
    if validated is not None:
        comparison = validated.beside_baseline(metric, lower_is_better)
    _tell_run(name, ours.metrics, comparison, precisions | strangers | (validated.logged() if validated else {}))
    logger.info("evaluated %s on %s test examples: %s", name, f"{data.counts['test']:,}", listed(ours.metrics))
    if validated is not None:
        logger.info("cross-validated, which counts for more: %s %s", metric, validated.told(metric))
    logger.info("in each precision, one example at a time on one thread of a CPU: %s", listed(precisions))
    if strangers:
        logger.info("flagged as unfamiliar of badly corrupted test examples: %s", listed(_short(strangers)))
    logger.log(
        logging.INFO if served.precision == workload.serve.precision else logging.WARNING, "served is %s", served
    )
    if comparison.beaten is False:
        logger.warning("%s does not beat its baseline in %s: %s", name, metric, comparison)


def _measure(path: Path, data: PreparedData, workload: Workload, evaluation: TaskEvaluation) -> MeasuredBundle:
    bundle = Bundle(path)
    found = bundle.scored(data.inputs("test"))
    flags, metrics = bundle.flags(found), evaluation.measure(data, found.outputs, bundle.about.decision, workload.train)
    return MeasuredBundle(bundle, found.outputs, metrics, None if flags is None else float(flags.mean()))


def _served(
    each: dict[Precision, MeasuredBundle], workload: Workload, metric: str, margin: float, lower_is_better: bool
) -> Served:
    wanted = workload.serve.precision
    other: Precision = "int8" if wanted == "float32" else wanted
    values = {precision: found.metrics[metric] for precision, found in each.items()}
    models = {each[precision].bundle.about.model_sha256 for precision in ("float32", other)}
    return choose(wanted, margin, metric, values, len(models) > 1, lower_is_better)


def _side_by_side(each: dict[Precision, MeasuredBundle], metric: str) -> dict[str, float]:
    """Return the deciding metric and the size of the model in megabytes, by the precision."""
    values = {f"{precision}_{metric}": found.metrics[metric] for precision, found in each.items()}
    sizes = {
        f"{precision}_megabytes": (found.bundle.path / MODEL).stat().st_size / 1e6 for precision, found in each.items()
    }
    flagged = {f"{precision}_{FALSE_ALARMS}": found.flagged for precision, found in each.items()}
    return values | sizes | {name: share for name, share in flagged.items() if share is not None}


def _short(strangers: dict[str, float]) -> dict[str, float]:
    return {name.removeprefix(CAUGHT): share for name, share in strangers.items()}


def _speed(each: dict[Precision, MeasuredBundle], data: PreparedData) -> dict[str, float]:
    """Return how long one example takes, by the precision. It differs from run to run: nothing for DVC to hash."""
    times = milliseconds([found.bundle for found in each.values()], np.array(data.inputs("test")[:1]))
    return {f"{precision}_milliseconds": time for precision, time in zip(each, times, strict=True)}


def _report(
    folder: Path, data: PreparedData, workload: Workload, evaluation: TaskEvaluation, served: MeasuredBundle
) -> None:
    outputs, decision = served.outputs, served.bundle.about.decision
    figures = evaluation.figures(data, outputs, decision, workload.train)
    if (heat := served.bundle.heat(np.asarray(data.inputs("test")))) is not None:
        figures |= evaluation.heat_figures(data, outputs, heat)
    _write_figures(folder / "figures", figures)
    _write_confusion(folder / "confusion.csv", data, outputs, decision)
    write_json(folder / "metrics.json", served.metrics)


def _tell_run(name: str, metrics: dict[str, float], comparison: BaselineComparison, beside: dict[str, float]) -> None:
    store = open_store(name)
    run = run_of_record(store, read_json(artifacts(name, "weights") / "run.json"))
    log_evaluation(store, run, metrics, comparison.beaten)
    log_metrics(store, run, beside)
    store.client.log_artifacts(run.info.run_id, str(artifacts(name, "report")), "report")


def _write_figures(folder: Path, figures: dict[str, Figure]) -> None:
    with whole_directory(folder) as draft:
        for title, figure in figures.items():
            figure.savefig(draft / f"{title}.png", dpi=_DPI, metadata={"Software": None})


def _write_confusion(path: Path, data: PreparedData, outputs: NDArray[np.float32], decision: Mapping[str, Any]) -> None:
    """Write what each example is and what was predicted; of numbers in which fifth of the test labels both lie."""
    labels, predicted = np.asarray(data.labels("test")), catalogue.codec(data.kind, data.task).decide(outputs, decision)
    names: Sequence[str] = data.classes
    if predicted is None:
        limits = np.quantile(labels, _FIFTHS)
        labels, predicted = (np.searchsorted(limits, values) for values in (labels, outputs[:, 0]))
        names = [f"up to {limit:.4g}" for limit in limits] + [f"over {limits[-1]:.4g}"]
    with whole_file(path) as draft, draft.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["actual", "predicted"])
        writer.writerows([names[actual], names[answer]] for actual, answer in zip(labels, predicted, strict=True))


if __name__ == "__main__":
    entry.run(evaluate)
