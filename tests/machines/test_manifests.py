"""Every manifest, as it stands and as it is rendered, is what whoever reads it takes; broken ones are refused."""

import asyncio
import copy
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun

from components.config.params import Training
from components.training.launch.job import Job
from components.training.launch.trainjob import TrainJob
from tests.conftest import ROOT
from tests.manifests import FOLDER, Manifest, job_template, manifests

_MISSING = "needs the group `machines`: pip install -c constraints.txt --group machines"
kubernetes_validate = pytest.importorskip("kubernetes_validate", reason=_MISSING)
models = pytest.importorskip("kubeflow_trainer_api.models", reason=_MISSING)
prefect_worker = pytest.importorskip("prefect_kubernetes.worker", reason=_MISSING)

OLDEST, NEWEST = "1.30", kubernetes_validate.latest_version()
"""From 1.30 on a pause before the end (`preStop.sleep`) is there without a feature gate."""
TRAINER = {"TrainJob": models.TrainerV1alpha1TrainJob, "TrainingRuntime": models.TrainerV1alpha1TrainingRuntime}
OF_OTHERS = {*TRAINER, "ServiceMonitor"}
OWN = [each for each in manifests() if each["kind"] not in OF_OTHERS]
KUSTOMIZATIONS = sorted(
    path.parent.name for path in FOLDER.glob("*/kustomization.yaml") if path.parent.name != "scaling"
)


def named(each: Manifest) -> str:
    return f"{each['kind']}-{each['metadata'].get('name', 'job')}"


def valid(each: Manifest, version: str = NEWEST) -> None:
    kubernetes_validate.validate(each, version, strict=True)


def at(each: Manifest, path: str) -> Any:
    found: Any = each
    for step in path.split("."):
        found = found[int(step) if step.isdigit() else step]
    return found


# --- Kubernetes's own


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("each", OWN, ids=named)
def test_each_is_strictly_valid(each: Manifest, version: str) -> None:
    valid(each, version)


BROKEN: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "Deployment": [
        ("spec.template.spec.containers.0", {"readOnlyRootFilesystem": True}),     # one level too high
        ("spec.template.spec.containers.0.livenessProbe", {"initialDelay": 1}),
        ("spec", {"replicas": "two"}),
    ],
    "HorizontalPodAutoscaler": [("spec", {"maxReplicas": None}), ("spec.metrics.0.pods", {"metricName": "a"})],
    "PodDisruptionBudget": [("spec", {"minimumAvailable": 1})],
    "NetworkPolicy": [("spec", {"policyTypes": "Ingress"}), ("spec.ingress.0", {"port": 3000})],
    "Service": [("spec.ports.0", {"port": "http"})],
    "ServiceAccount": [("", {"automountServiceAccountToken": "no"})],
    "ConfigMap": [("data", {"JOURNEYMAN_QUEUE": 64})],
    "Secret": [("stringData", {"keys": ["a"]})],
    "Role": [("rules.0", {"verbs": None})],
    "RoleBinding": [("", {"roleRef": None})],
    "Job": [("spec.template.spec", {"completions": 16}), ("spec", {"backoffLimitPerIndex": "3"})],
}  # fmt: skip


def broken() -> Iterator[tuple[Manifest, str, dict[str, Any]]]:
    for each in OWN:
        for path, change in BROKEN[each["kind"]]:
            if path != "stringData" or "keys" in each["stringData"]:
                yield each, path, change


@pytest.mark.parametrize(("each", "path", "change"), list(broken()))
def test_a_broken_one_is_refused(each: Manifest, path: str, change: dict[str, Any]) -> None:
    other = copy.deepcopy(each)
    place = at(other, path) if path else other
    place.update(change)
    for name in [name for name, value in change.items() if value is None]:
        del place[name]
    with pytest.raises(kubernetes_validate.ValidationError):
        valid(other)


# --- as they are rendered


def rendered(folder: Any) -> list[Manifest]:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("needs kubectl")
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("folder", KUSTOMIZATIONS)
def test_what_is_rendered_is_strictly_valid(folder: str) -> None:
    found = rendered(FOLDER / folder)
    assert found
    for each in found:
        valid(each)


def test_the_example_with_an_autoscaler(tmp_path: Any) -> None:
    deploy = shutil.copytree(FOLDER, tmp_path / "kubernetes")
    example = deploy / "example" / "kustomization.yaml"
    example.write_text(example.read_text().replace("# components:", "components:"))
    found = {each["kind"]: each for each in rendered(example.parent)}
    assert {"HorizontalPodAutoscaler", "ServiceMonitor", "Deployment"} <= set(found)
    for each in found.values():
        assert each["metadata"]["namespace"] == "journeyman"
        if each["kind"] not in OF_OTHERS:
            valid(each)
    assert "replicas" not in found["Deployment"]["spec"]  # else an apply would undo what the autoscaler did
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith("registry.example.org/")


def test_the_overlay_of_the_page_has_all_pods_share_a_volume(tmp_path: Any) -> None:
    page = (ROOT / "docs" / "kubernetes.md").read_text()
    (patches,) = re.findall(r"^```yaml\n(patches:.*?)^```", page, re.DOTALL | re.MULTILINE)
    deploy = shutil.copytree(FOLDER, tmp_path / "kubernetes")
    example = deploy / "example" / "kustomization.yaml"
    example.write_text(example.read_text().partition("patches:")[0] + patches)
    (deployment,) = [each for each in rendered(example.parent) if each["kind"] == "Deployment"]
    valid(deployment)
    volumes = {each["name"]: each for each in deployment["spec"]["template"]["spec"]["volumes"]}
    assert set(volumes["state"]) == {"name", "persistentVolumeClaim"}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)


# --- Kubeflow's trainer


def held(each: Manifest) -> None:
    """Raise `ValueError` unless the trainer's model takes the object, and keeps all of it."""
    model = TRAINER[each["kind"]].from_dict(each)
    kept = model.to_dict() if model else {}
    if kept != each:
        raise ValueError(f"{each['kind']}: something is not known to the trainer")


@pytest.mark.parametrize("each", [each for each in manifests("jobs/") if each["kind"] in TRAINER], ids=named)
def test_the_trainer_takes_it(each: Manifest) -> None:
    held(each)


@pytest.mark.parametrize(
    ("kind", "path", "change"),
    [
        ("TrainJob", "spec.trainer", {"numNodes": "2"}),
        ("TrainJob", "spec.trainer", {"nodes": 2}),
        ("TrainJob", "spec.runtimeRef", {"name": None}),
        ("TrainJob", "spec", {"ttlSecondsAfterFinished": 60}),
        ("TrainingRuntime", "spec.mlPolicy", {"torch": {"elastic": True}}),
        ("TrainingRuntime", "spec.template.spec", {"failurePolicy": {"restarts": 3}}),
        ("TrainingRuntime", "spec.template.spec.replicatedJobs.0.template.spec", {"restartPolicy": "Never"}),
    ],
)
def test_the_trainer_refuses_what_it_does_not_know(kind: str, path: str, change: dict[str, Any]) -> None:
    (each,) = [copy.deepcopy(each) for each in manifests("jobs") if each["kind"] == kind]
    at(each, path).update(change)
    with pytest.raises(ValueError):
        held(each)


def test_the_trainer_takes_what_the_stage_submits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    config = Training(epochs=1, batch_size=8, nodes=3, devices=4)
    made = TrainJob(config).manifest(Job(workload="garments", launcher="trainjob", key="k", token="0a1b2c3d"))
    held(made)
    made["spec"]["trainer"]["numProcPerNode"] = "four"
    with pytest.raises(ValueError):
        held(made)


def test_the_trainer_s_pods_are_strictly_valid() -> None:
    (runtime,) = [each for each in manifests("jobs") if each["kind"] == "TrainingRuntime"]
    for job in runtime["spec"]["template"]["spec"]["replicatedJobs"]:
        each = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "node"}, "spec": job["template"]["spec"]}
        valid(each)
        each["spec"]["template"]["spec"]["completions"] = 1
        with pytest.raises(kubernetes_validate.ValidationError):
            valid(each)


# --- Prefect's worker


def job(template: Manifest, **values: Any) -> Manifest:
    """Return the job as Prefect's worker would submit it for a run."""

    nobody = PrefectClient("http://127.0.0.1:9/api")  # the template names no block and no variable of a server's
    configuration = asyncio.run(
        prefect_worker.KubernetesWorkerJobConfiguration.from_template_and_values(template, values, client=nobody)
    )
    configuration.prepare_for_flow_run(FlowRun(id=uuid4(), flow_id=uuid4(), name="tidy-otter"))
    made: Manifest = configuration.job_manifest
    return made


def test_a_run_s_job_is_strictly_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", "/home/worker")
    each = job(job_template(), name="nightly", cpu="4", memory="8Gi")
    valid(each, OLDEST)
    valid(each)
    (container,) = each["spec"]["template"]["spec"]["containers"]
    said = {variable["name"]: variable["value"] for variable in container["env"]}
    assert said["PREFECT_HOME"] == "/job/project/state/prefect"
    assert said["PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR"] == "reschedule"  # as of `backoffLimit: 0`
    assert container["resources"] == {"requests": {"cpu": "4", "memory": "8Gi"}, "limits": {"memory": "8Gi"}}


def test_prefect_s_own_template_makes_a_job_that_is_not() -> None:
    theirs = prefect_worker.KubernetesWorker.get_default_base_job_template()
    with pytest.raises(kubernetes_validate.ValidationError):
        valid(job(theirs, name="nightly"))


def test_the_worker_refuses_a_job_without_its_counts() -> None:
    template = job_template()
    del template["job_configuration"]["job_manifest"]["spec"]["completions"]
    with pytest.raises(ValueError, match="missing required attributes"):
        job(template, name="nightly")


def test_all_of_them_are_looked_at() -> None:
    def kinds(found: list[Manifest]) -> set[str]:
        return {each["kind"] for each in found}

    assert kinds(OWN) == set(BROKEN)
    assert kinds(manifests()) == set(BROKEN) | OF_OTHERS
