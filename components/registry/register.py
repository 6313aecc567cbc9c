"""Register: the bundle of a workload that is to be served becomes a version of its registered model, once."""

import logging
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components import catalogue
from components.config.settings import STATE, artifacts
from components.inference.bundle import bundle_hash, read_about
from components.kinds.baseline import compare_with_baseline
from components.kinds.cross_validation import read_cross_validation
from components.kinds.formatting import number
from components.kinds.prepared import open_prepared
from components.registry.answers import keep_answers
from components.registry.examples import keep_examples
from components.registry.get_or_create import get_or_create
from components.registry.lineage import LINEAGE, Lineage
from components.registry.lineage.provenance import lineage
from components.registry.logged_model import logged_model
from components.registry.version import BUNDLE_HASH, METRIC, PRECISION, Version, as_version
from components.system.files import read_json
from components.tracking.description import signed
from components.tracking.runs import log_evaluation, log_metrics, run_of_record
from components.tracking.shared_lock import shared_lock
from components.tracking.store import Store, open_store
from components.training.served import bundle_path, made, read_served

logger = logging.getLogger(__name__)


def register(name: str, flow_run: str = "") -> tuple[Version, bool]:
    """Return the version of the bundle that the stages of workload `name` chose, and whether it is new.

    The same bundle is never registered twice. The version keeps examples of the data that it was trained on.

    Args:
        name: the workload, which is also the registered model's name.
        flow_run: the Prefect run that asks for it, kept in the lineage.
    """
    bundle = bundle_path(name, read_served(name).precision)
    sha256 = bundle_hash(bundle)
    store = open_store(name)
    with registry_lock(name):
        found, new = get_or_create(store, name, sha256, lambda: _create(store, name, bundle, sha256, flow_run))
        version = as_version(found)
        keep_examples(version, open_prepared(artifacts(name, "prepared")))
        keep_answers(version)
    if new:
        logger.info("registered %s version %s", name, version.number)
    return version, new


def registry_lock(name: str) -> AbstractContextManager[None]:
    """Return the lock of the workload's registered model: who share this folder, or its database, change it in turn."""
    return shared_lock(f"registry-{name}", STATE / "locks" / f"registry-{name}")


def _create(store: Store, name: str, bundle: Path, sha256: str, flow_run: str) -> ModelVersion:
    made_of = lineage(name, flow_run)
    workload, about = catalogue.workload(name), read_about(bundle)
    evaluation = catalogue.evaluation(about.kind, about.task)
    metric = evaluation.metric(open_prepared(artifacts(name, "prepared")), workload.train)
    metrics = read_json(artifacts(name, "report") / "metrics.json")
    run = run_of_record(store, read_json(artifacts(name, "weights") / "run.json"))
    precisions = read_json(artifacts(name, "report") / "precisions.json")
    comparison = compare_with_baseline(metrics, metric, evaluation.lower_is_better(metric))
    validated = read_cross_validation(name)
    if validated is not None:
        comparison = validated.beside_baseline(metric, evaluation.lower_is_better(metric))
    log_evaluation(store, run, metrics, comparison.beaten)
    log_metrics(store, run, precisions | (validated.logged() if validated else {}))
    run = store.client.get_run(run.info.run_id)
    model = logged_model(store, run, bundle, sha256, artifacts(name, "prepared"))
    _log_lineage(store, model.model_id, made_of)
    description = workload.description
    try:
        store.client.create_registered_model(name, description=description)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = {BUNDLE_HASH: sha256, METRIC + metric: repr(metrics[metric]), **made_of.tags()}
    tags |= _precision(name, metric, precisions)
    headline = f"{metric} {number(metrics[metric])} on the test split. {description}"  # until its card is made
    return store.client.create_model_version(
        name,
        f"models:/{model.model_id}",
        run_id=run.info.run_id,
        tags=tags | signed(headline),
        description=headline,
        model_id=model.model_id,
    )


def _log_lineage(store: Store, model: str, made_of: Lineage) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, LINEAGE).write_text(made_of.to_json())
        store.client.log_model_artifacts(model, folder)


def _precision(name: str, metric: str, precisions: dict[str, float]) -> dict[str, str]:
    """Return the tags of what was chosen, and of what there was to choose from."""
    served = read_served(name)
    values = {f"{PRECISION}.{which}": repr(precisions[f"{which}_{metric}"]) for which in made(name)}
    return {PRECISION: served.precision, f"{PRECISION}.reason": served.reason, **values}
