"""What MLflow keeps as artifacts, as files of this machine: no download stays behind in the system's temporary folder.

MLflow downloads into a new temporary folder each time, and leaves it there. Here what is read once has a folder that
goes with the block it is read in, and a bundle, which is used for long, is kept by its hash:

    state/bundles/<workload>/<first sixteen digits of its hash>/     the last eight that were asked for
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow.artifacts
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.config.errors import BundleError
from components.config.settings import STATE
from components.inference.bundle import bundle_hash, verified
from components.internals.mlflow import is_local
from components.system.files import scratch_directory
from components.system.locks import locked
from components.tracking.store import missing

BUNDLES = STATE / "bundles"
KEPT = 8
"""Bundles of one workload in the cache: those of four runs of the flow, which compares two."""
_LOCK = "bundles.lock"
_RUNS = "runs:/"


def is_there(uri: str) -> bool:
    """Whether there is such an artifact, a file or a folder.

    Args:
        uri: `models:/NAME/VERSION/PATH` or `runs:/ID/PATH`.

    Raises:
        MlflowException, OSError: the store does not say.
    """
    folder, _, name = uri.rpartition("/")
    try:
        if uri.startswith(_RUNS):
            run, _, within = folder.removeprefix(_RUNS).partition("/")
            found = MlflowClient().list_artifacts(run, within or None)
        else:
            found = mlflow.artifacts.list_artifacts(artifact_uri=folder)
    except MlflowException as error:
        if missing(error):  # the run or the version
            return False
        raise
    return name in {Path(artifact.path).name for artifact in found}


@contextmanager
def downloaded(uri: str) -> Iterator[Path]:
    """Yield a copy of the artifact, a file or a folder, that is gone when the block ends.

    Args:
        uri: `models:/NAME/VERSION/PATH` or `runs:/ID/PATH`.

    Raises:
        MlflowException, OSError: it is not there, or cannot be fetched.
    """
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=scratch))


def fetched_bundle(model: str, path: str, workload: str, sha256: str) -> Path:
    """Return the folder of a model's bundle: where a store of this machine has it, else in the cache.

    Args:
        model: `models:/NAME/VERSION`.
        path: of the bundle among the model's artifacts.
        workload: whose.
        sha256: the bundle's hash.

    Raises:
        MlflowException, OSError: it is not there, or cannot be fetched.
        BundleError: what is there is no bundle, or one of another hash.
    """
    if is_local(model):
        return _expected(Path(mlflow.artifacts.download_artifacts(artifact_uri=f"{model}/{path}")), sha256)
    folder = BUNDLES.absolute() / workload
    kept = folder / sha256[:16]
    with locked(folder / _LOCK):
        if not _is_whole(kept, sha256):
            with scratch_directory(folder / "download") as scratch:
                found = mlflow.artifacts.download_artifacts(artifact_uri=f"{model}/{path}", dst_path=str(scratch))
                _expected(Path(found), sha256)
                shutil.rmtree(kept, ignore_errors=True)
                Path(found).rename(kept)
        os.utime(kept)  # the last one that was asked for
        _drop_oldest(folder)
    return kept


def _expected(bundle: Path, sha256: str) -> Path:
    if (found := bundle_hash(bundle)) != sha256:
        raise BundleError(f"{bundle}: its hash is {found}, not {sha256}")
    return bundle


def _is_whole(kept: Path, sha256: str) -> bool:
    try:
        verified(_expected(kept, sha256))
    except (BundleError, OSError):
        return False
    return True


def _drop_oldest(folder: Path) -> None:
    bundles = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime_ns)
    for old in bundles[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
