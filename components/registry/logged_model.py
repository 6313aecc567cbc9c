"""The MLflow model of a bundle: logged once, with signature, input example and the code it needs, and no torch.

MLflow's one-call ways re-open the finished run, or cannot be repeated after a kill. Each step here can.
"""

import json
import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus, Metric, Run
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import Array

from components import catalogue
from components.inference.answering import RANK, Answering
from components.inference.bundle import read_about
from components.inference.unfamiliar import UNFAMILIAR
from components.kinds.prepared import open_prepared
from components.registry.version import BUNDLE_HASH
from components.tracking.store import Store

CARRIED = (
    "components/__init__.py",
    "components/catalogue.py",
    "components/extensions.py",
    "components/config/*.py",
    "components/inference/__init__.py",
    "components/inference/answering.py",
    "components/inference/bundle.py",
    "components/inference/device.py",
    "components/inference/golden.py",
    "components/inference/runner.py",
    "components/inference/unfamiliar.py",
    "components/kinds/*.py",
    "components/kinds/*/__init__.py",
    "components/kinds/*/codec/*.py",
    "components/kinds/times/formats.py",
    "components/kinds/times/reading.py",
    "components/tasks/__init__.py",
    "components/tasks/codec.py",
    "components/tasks/labels.py",
    "components/tasks/*/__init__.py",
    "components/tasks/*/answers.py",
    "components/registry/__init__.py",
    "components/registry/pyfunc.py",
    "components/system/*.py",
)
"""The code that travels in the model."""

_REQUIREMENTS = ("numpy", "onnxruntime", "pandas", "pillow", "pydantic", "pyyaml")
_EXAMPLES = 3


def logged_model(store: Store, run: Run, bundle: Path, sha256: str, prepared: Path) -> LoggedModel:
    """Return the run's model of the bundle with the hash `sha256`, after logging it if it is not there whole.

    Args:
        store: where to log.
        run: the run that trained the model; its `test_*` metrics become the model's.
        bundle: the bundle's directory.
        sha256: the bundle's hash.
        prepared: the prepared data set, for the input example.
    """
    filter_string = f"source_run_id = '{run.info.run_id}' AND tags.`{BUNDLE_HASH}` = '{sha256}'"
    found = store.client.search_logged_models([store.experiment], filter_string=filter_string, max_results=1)
    model = found[0] if found else _create(store, run, bundle, sha256)
    if model.status == LoggedModelStatus.READY:
        return model
    _upload(store, model, bundle, prepared)
    _connect(store, run, model)
    return store.client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def _create(store: Store, run: Run, bundle: Path, sha256: str) -> LoggedModel:
    return store.client.create_logged_model(
        store.experiment,
        name=read_about(bundle).workload,
        source_run_id=run.info.run_id,
        tags={BUNDLE_HASH: sha256},
        params=dict(run.data.params),
        model_type="classifier" if read_about(bundle).classes else "regressor",
    )


def _upload(store: Store, model: LoggedModel, bundle: Path, prepared: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Operation with range is deprecated")  # MLflow's own use of pandas
        code, path = Path(folder, "code"), Path(folder, "model")
        _copy_code(code)
        mlflow.pyfunc.save_model(
            path,
            mlflow_model=Model(
                artifact_path=model.artifact_location,
                model_uuid=model.model_id,
                model_id=model.model_id,
                run_id=model.source_run_id,
            ),
            loader_module="components.registry.pyfunc",
            data_path=str(shutil.copytree(bundle, Path(folder, "bundle"))),  # under this name, whichever it is
            code_paths=[str(code / "components")],
            pip_requirements=[*(f"{name}=={version(name)}" for name in _REQUIREMENTS), *read_about(bundle).requires],
            signature=_signature(bundle),
            input_example=_example(bundle, prepared),
        )
        store.client.log_model_artifacts(model.model_id, str(path))


def _copy_code(folder: Path) -> None:
    for pattern in CARRIED:
        for path in sorted(Path().glob(pattern)):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / path)


def _signature(bundle: Path) -> ModelSignature:
    about = read_about(bundle)
    codec = catalogue.codec(about.kind, about.task)
    fields = codec.fields(about.input)
    outputs = [ColSpec(DataType.string, "label")] if about.classes else []
    if codec.OUTPUT == "probabilities":
        outputs += [ColSpec(DataType.double, "probability"), ColSpec(Array(DataType.double), "probabilities")]
    else:
        outputs += [ColSpec(DataType.double, name) for name in codec.number_names(about.decision)]
    if Answering(about).test:
        outputs += [ColSpec(DataType.boolean, UNFAMILIAR), ColSpec(DataType.double, RANK)]
    inputs = [ColSpec(DataType[kind], name, required=required) for name, (kind, required) in fields.items()]
    return ModelSignature(Schema(inputs), Schema(outputs))


def _example(bundle: Path, prepared: Path) -> pd.DataFrame:
    data = open_prepared(prepared)
    indices = range(min(_EXAMPLES, data.counts["test"]))
    rows = catalogue.sample(read_about(bundle).kind).requests(data, indices, True)
    return pd.DataFrame([{name: _text(value) for name, value in row.items()} for row in rows])


def _text(value: Any) -> Any:
    """Return a list as its JSON: a signature has a text there."""
    return json.dumps(value) if isinstance(value, list) else value


def _connect(store: Store, run: Run, model: LoggedModel) -> None:
    """Make the model an output of the run and give it the run's test metrics, with the data set that they are of."""
    outputs = run.outputs.model_outputs if run.outputs else []
    if model.model_id not in [output.model_id for output in outputs]:
        store.client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
    linked = {"model_id": model.model_id, "run_id": run.info.run_id, **_data(run)}
    points = [
        Metric(point.key, point.value, point.timestamp, point.step, **linked)
        for key in run.data.metrics
        if key.startswith("test_")
        for point in store.client.get_metric_history(run.info.run_id, key)
    ]
    store.client.log_batch(run.info.run_id, metrics=points)


def _data(run: Run) -> dict[str, str]:
    """Return the run's data set as a metric names it; nothing of a run restored without its data set."""
    if not run.inputs or not run.inputs.dataset_inputs:
        return {}
    data = run.inputs.dataset_inputs[0].dataset
    return {"dataset_name": data.name, "dataset_digest": data.digest}
