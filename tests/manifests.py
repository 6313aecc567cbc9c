"""What deploy/kubernetes has, read as YAML: for the tests that need no tool of Kubernetes's."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from tests.conftest import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
Manifest = dict[str, Any]


def manifests(folder: str = "") -> list[Manifest]:
    """Return every object of the YAML files in `folder`, and below it."""
    files = [path for path in sorted((FOLDER / folder).rglob("*.yaml")) if path.name not in NO_OBJECTS]
    return [found for path in files for found in yaml.safe_load_all(path.read_text())]


def manifest(folder: str, kind: str) -> Manifest:
    """Return the one object of that kind in `folder`."""
    (found,) = [each for each in manifests(folder) if each["kind"] == kind]
    return found


def job_template() -> Manifest:
    """Return the base job template of the pool `kubernetes`."""
    found: Manifest = json.loads((FOLDER / "work-pool" / "base-job-template.json").read_text())
    return found


def pods() -> Iterator[tuple[str, Manifest]]:
    """Yield the specification of every pod that is started, with what it belongs to."""
    for each in [*manifests(), job_template()["job_configuration"]["job_manifest"]]:
        if each["kind"] in ("Deployment", "Job"):
            yield each["metadata"].get("name", "prefect"), each["spec"]["template"]["spec"]
        elif each["kind"] == "TrainingRuntime":
            for job in each["spec"]["template"]["spec"]["replicatedJobs"]:
                yield each["metadata"]["name"], job["template"]["spec"]["template"]["spec"]


NO_OBJECTS = ("kustomization.yaml", "adapter-rules.yaml", "prefect.yaml")
