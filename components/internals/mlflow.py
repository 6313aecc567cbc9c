"""What tracking and the registry use of MLflow that its documentation does not name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic.migration import MigrationContext
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow.store.db.utils import _get_latest_schema_revision
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

CONTEXT_TAG = "mlflow.data.context"
"""The tag by which MLflow's page says what a run did with a data set."""
LONGEST_DIGEST = 36
"""Characters of a data set's digest that MLflow's databases keep."""


@contextmanager
def system_metrics(run_id: str, every: float, tracking_uri: str) -> Iterator[None]:
    """Log the machine's load to the run while the block runs, after what the run has of it already.

    MLflow documents `mlflow.enable_system_metrics_logging`, which watches only runs that `mlflow.start_run` opens.

    Args:
        run_id: of a running run.
        every: seconds between two samples, each of which costs the store a write.
        tracking_uri: where the run is.
    """
    monitor = SystemMetricsMonitor(run_id, sampling_interval=every, resume_logging=True, tracking_uri=tracking_uri)
    try:
        monitor.start()
        yield
    finally:
        monitor.finish()


def is_local(model_uri: str) -> bool:
    """Whether the artifacts of a registered model are files of this machine: MLflow then copies nothing to read them.

    Without it each bundle of a local store would be copied into the cache.
    """
    repository = get_artifact_repository(model_uri)
    while inner := getattr(repository, "repo", None):  # what `models:/` leads to
        repository = inner
    return isinstance(repository, LocalArtifactRepository)


def schema_versions(connection: sa.Connection) -> tuple[str | None, str]:
    """Return the version of the tables in MLflow's database, None where there are none yet, and the one it needs."""
    return MigrationContext.configure(connection).get_current_revision(), _get_latest_schema_revision()


def dataset_input(
    name: str, digest: str, path: str, dtype: str, shape: Sequence[int], profile: Mapping[str, object]
) -> DatasetInput:
    """Return a data set of tensors as a run's input, for training, in the form in which MLflow's own classes write it.

    Those classes, `mlflow.data.from_numpy`, would read the whole data set to hash it.

    Args:
        name: as it is shown.
        digest: its hash; what is too long is cut off.
        path: where it lies.
        dtype: of its tensors.
        shape: of one example.
        profile: what is worth knowing of it, as JSON.
    """
    features = json.dumps([{"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [-1, *shape]}}])
    dataset = Dataset(
        name=name,
        digest=digest[:LONGEST_DIGEST],
        source_type="local",
        source=json.dumps({"uri": path}),
        schema=json.dumps({"mlflow_tensorspec": {"features": features, "targets": None}}),
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset=dataset, tags=[InputTag(CONTEXT_TAG, "training")])
