"""The examples of a version, for people to click: `examples.json` among its artifacts, from its own test split."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.inference.examples import EXAMPLES, MOST, examples, spread
from components.inference.sample_requests import requests
from components.kinds.prepared import PreparedData, open_prepared
from components.registry.artifacts import downloaded
from components.system.files import read_json

if TYPE_CHECKING:
    from components.registry.register import Version


def keep_examples(client: MlflowClient, version: ModelVersion, data: PreparedData) -> None:
    """Store examples on the version, unless it has some.

    Args:
        client: of an open store.
        version: whose they are.
        data: what it was trained on.
    """
    if _kept(version.name, str(version.version)) is not None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, EXAMPLES)
        path.write_text(json.dumps(examples(data), sort_keys=True), encoding="utf-8")
        client.log_model_artifact(version.source.removeprefix("models:/"), str(path))


def version_examples(version: "Version", bundle: Path) -> list[dict[str, Any]] | None:
    """Return the version's examples; None: it has none.

    A version from before they were kept has those of today's test split, if its bundle takes them.

    Args:
        version: whose examples.
        bundle: the directory of its bundle.
    """
    if (kept := _kept(version.workload, version.number)) is not None:
        return kept
    if not (prepared := artifacts(version.workload, "prepared")).exists():  # who rolls back may have no data at hand
        return None
    return _of_today(bundle, open_prepared(prepared))


def _of_today(bundle: Path, data: PreparedData) -> list[dict[str, Any]] | None:
    about = read_about(bundle)
    places = spread(np.asarray(data.labels("test")), MOST)
    if about.classes != data.classes or requests(about, data, places) is None:
        return None
    return examples(replace(data, input=about.input))


def _kept(workload: str, number: str) -> list[dict[str, Any]] | None:
    try:
        with downloaded(f"models:/{workload}/{number}/{EXAMPLES}") as path:
            found: list[dict[str, Any]] = read_json(path)
    except (MlflowException, OSError):
        return None
    return found
