"""A registered version, and what belongs to it: its bundle, its card, its examples, its tags.

Whoever needs something of a version asks here. The bundle is kept by its hash, see `artifacts.py`.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.config.errors import BundleError, RegistryError
from components.inference.engine.model import CARD
from components.inference.examples import EXAMPLES
from components.registry.artifacts import downloaded, fetched_bundle, is_there
from components.system.files import read_json, write_content
from components.tracking.store import missing, open_client

BUNDLE_HASH = "journeyman.bundle_sha256"
METRIC = "journeyman.metric."
"""Prefix of the tag that holds a version's deciding metric."""
PRECISION = "journeyman.precision"
"""Tag of a version: `float32`, `float16` or `int8`; `.reason` behind it says why, `.float32` … what each reached."""

_BUNDLE = "data/bundle"
_Content = TypeVar("_Content")


@dataclass(frozen=True)
class Version:
    """A registered version."""

    workload: str
    number: str
    metric: str
    value: float
    bundle_sha256: str
    run_id: str
    precision: str = "float32"

    @property
    def uri(self) -> str:
        """Its address in MLflow."""
        return f"models:/{self.workload}/{self.number}"

    def bundle(self) -> Path:
        """Return the directory of the bundle, fetched from MLflow: not to be written into.

        Raises:
            RegistryError: it is gone, or not what its hash says.
        """
        open_client()
        try:
            return fetched_bundle(self.uri, _BUNDLE, self.workload, self.bundle_sha256)
        except (MlflowException, OSError) as error:
            raise RegistryError(
                f"{self.uri}: its bundle cannot be fetched ({error}); was its artifact store deleted?"
            ) from error
        except BundleError as error:
            raise RegistryError(
                f"{self.uri}: its bundle is not the one that was registered; its artifacts were changed"
            ) from error

    def card(self) -> dict[str, Any] | None:
        """Return the model card that is stored; None: there is none yet.

        Raises:
            RegistryError: whether there is one is not known, or it cannot be fetched.
        """
        return self.stored(CARD, read_json)

    def examples(self) -> list[dict[str, Any]] | None:
        """Return the examples that are stored; None: the version is from before they were. Raises as `card` does."""
        return self.stored(EXAMPLES, read_json)

    def stored(self, name: str, read: Callable[[Path], _Content]) -> _Content | None:
        """Return what `read` makes of the artifact; None: it is not there. Raises as `card` does."""
        return _read(f"{self.uri}/{name}", read)

    def stored_by_run(self, name: str, read: Callable[[Path], _Content]) -> _Content | None:
        """Return what `read` makes of an artifact of the run that trained it; None: it is not there. Raises so too."""
        return _read(f"runs:/{self.run_id}/{name}", read)

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        """Yield a copy of the artifact that is gone when the block ends.

        Raises:
            MlflowException, OSError: it is not there, or cannot be fetched.
        """
        open_client()
        with downloaded(f"{self.uri}/{name}") as path:
            yield path

    def store(self, files: Mapping[str, Any]) -> None:
        """Store the files, in their order, in place of earlier ones: a text as it is, all else as JSON."""
        client = open_client()
        source = client.get_model_version(self.workload, self.number).source  # models:/ID, as `register` gave it
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                path = Path(folder, name)
                write_content(path, content)
                client.log_model_artifact(source.removeprefix("models:/"), str(path))

    def tags(self) -> dict[str, str]:
        """Return the tags that it has now."""
        tags: dict[str, str] = open_client().get_model_version(self.workload, self.number).tags
        return tags

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set the tags, in their order."""
        client = open_client()
        for name, value in tags.items():
            client.set_model_version_tag(self.workload, self.number, name, value)


def find_version(workload: str, number: str | None) -> Version | None:
    """Return the version with this number; None: there is none.

    Raises:
        RegistryError: it was not registered by `register`.
    """
    if number is None or not number.isdecimal():  # MLflow numbers its versions
        return None
    try:
        return as_version(open_client().get_model_version(workload, number))
    except MlflowException as error:
        if missing(error):
            return None
        raise


def get_version(workload: str, number: str | None) -> Version:
    """Return the version with this number.

    Raises:
        RegistryError: there is none, or it was not registered by `register`.
    """
    if found := find_version(workload, number):
        return found
    numbers = sorted(int(found.version) for found in open_client().search_model_versions(f"name = '{workload}'"))
    has = f"it has {', '.join(map(str, numbers))}" if numbers else f"`make run WORKLOAD={workload}` makes one"
    raise RegistryError(f"{workload} has no version {number}; {has}")


def as_version(version: ModelVersion) -> Version:
    """Return MLflow's model version as ours.

    Raises:
        RegistryError: it was not registered by `register`.
    """
    tags = version.tags
    metric = next((key.removeprefix(METRIC) for key in tags if key.startswith(METRIC)), None)
    if metric is None or BUNDLE_HASH not in tags:
        raise RegistryError(f"{version.name}: version {version.version} was registered by hand, it has no bundle")
    return Version(
        workload=version.name,
        number=str(version.version),
        metric=metric,
        value=float(tags[METRIC + metric]),
        bundle_sha256=tags[BUNDLE_HASH],
        run_id=version.run_id,
        precision=tags.get(PRECISION, "float32"),  # a version from before there was a choice has none
    )


def _read(uri: str, read: Callable[[Path], _Content]) -> _Content | None:
    open_client()
    try:
        if not is_there(uri):
            return None
        with downloaded(uri) as path:
            return read(path)
    except (MlflowException, OSError) as error:
        raise RegistryError(
            f"{uri}: cannot be fetched ({error}); it may be there, so nothing was put in its place"
        ) from error
