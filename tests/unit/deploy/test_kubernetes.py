"""The manifests name what the project has: settings, routes, metrics, modules, files; and each pod may do little."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.inference.gateway.access import HEALTH
from components.inference.gateway.cells import Cells
from components.inference.gateway.exposition import FAMILIES
from components.inference.gateway.keys import Keys
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.policies import policies
from components.inference.options import Options, variable
from components.scoring.shards import Shard
from tests.conftest import ROOT
from tests.manifests import FOLDER, Manifest, job_template, manifest, manifests, pods
from tests.unit.deploy.test_containerfile import ENDPOINT, variables

PODS = list(pods())
DEPLOYMENT = manifest("endpoint", "Deployment")["spec"]
POD = DEPLOYMENT["template"]["spec"]
(CONTAINER,) = POD["containers"]
SETTINGS = manifest("endpoint", "ConfigMap")["data"]
ADAPTER = yaml.safe_load((FOLDER / "scaling" / "adapter-rules.yaml").read_text())["rules"]["custom"]
GAUGES = {family.name for family in FAMILIES if family.type == "gauge"}
_BYTES = {"Mi": 2**20, "Gi": 2**30}


def bytes_of(quantity: str) -> int:
    return int(quantity[:-2]) * _BYTES[quantity[-2:]]


def writable(pod: Manifest, container: Manifest) -> set[str]:
    volumes = {each["name"]: each for each in pod["volumes"]}
    return {
        mount["mountPath"]
        for mount in container["volumeMounts"]
        if not mount.get("readOnly") and {"emptyDir", "persistentVolumeClaim"} & set(volumes[mount["name"]])
    }


# --- the endpoint


def test_its_settings_are_those_of_the_endpoint() -> None:
    ours = {name: value for name, value in SETTINGS.items() if name.startswith("JOURNEYMAN_")}
    assert set(ours) <= {variable(field) for field in Options.model_fields}
    assert Options.read(SETTINGS).champions == "s3://team/champions"
    assert Options.read(SETTINGS).keyed
    with pytest.raises(Exception, match="JOURNEYMAN_QUEUE"):
        Options.read(SETTINGS | {"JOURNEYMAN_QUEUE": "many"})


def test_the_example_changes_settings_that_are_there() -> None:
    example = yaml.safe_load((FOLDER / "example" / "kustomization.yaml").read_text())
    changed = [yaml.safe_load(each["patch"]) for each in example["patches"]]
    assert all(set(each["data"]) <= set(SETTINGS) for each in changed)
    assert [each["name"] for each in example["images"]] == [CONTAINER["image"]]


def test_probes_ask_routes_that_need_no_key() -> None:
    assert {CONTAINER[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness")} == {"/readyz"}
    assert CONTAINER["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert {"/readyz", "/livez"} <= set(HEALTH)


def test_prometheus_asks_where_metrics_are() -> None:
    (asked,) = manifest("scaling", "ServiceMonitor")["spec"]["endpoints"]
    settings = {name: value for name, value in SETTINGS.items() if name != "JOURNEYMAN_API_KEYS_FILE"}
    shown = policies(Options.read(settings), Metrics(Cells.private()), {}).routes
    assert asked["path"] in shown
    assert asked["port"] in [port["name"] for port in manifest("endpoint", "Service")["spec"]["ports"]]


def test_ports_lead_to_the_container() -> None:
    names = {port["name"] for port in CONTAINER["ports"]}
    assert {port["targetPort"] for port in manifest("endpoint", "Service")["spec"]["ports"]} <= names
    (rule,) = manifest("endpoint", "NetworkPolicy")["spec"]["ingress"]
    assert {port["port"] for port in rule["ports"]} <= names
    probes = [CONTAINER[name] for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert {probe["httpGet"]["port"] for probe in probes} <= names


def test_whoever_selects_pods_selects_its_own() -> None:
    labels = DEPLOYMENT["template"]["metadata"]["labels"]
    policy, budget = manifest("endpoint", "NetworkPolicy"), manifest("endpoint", "PodDisruptionBudget")
    selectors = [
        DEPLOYMENT["selector"]["matchLabels"],
        manifest("endpoint", "Service")["spec"]["selector"],
        policy["spec"]["podSelector"]["matchLabels"],
        budget["spec"]["selector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in POD["topologySpreadConstraints"]),
    ]
    assert all(selector == labels for selector in selectors)
    assert (
        manifest("scaling", "ServiceMonitor")["spec"]["selector"]["matchLabels"]
        == manifest("endpoint", "Service")["metadata"]["labels"]
    )


def test_what_the_image_writes_is_writable() -> None:
    said = variables(ENDPOINT) | SETTINGS
    beside = str(Path(said["JOURNEYMAN_LOG_DIR"]).parent)  # the ledger, which stands beside the log
    assert {said["BENTOML_HOME"], said["HOME"], beside, "/tmp"} <= writable(POD, CONTAINER)


def test_the_log_fits_its_volume() -> None:
    volumes = {each["name"]: each.get("emptyDir") for each in POD["volumes"]}
    assert int(SETTINGS["JOURNEYMAN_LOG_BYTES"]) <= 0.8 * bytes_of(volumes["state"]["sizeLimit"])
    limits = sum(bytes_of(each["sizeLimit"]) for each in volumes.values() if each)
    assert limits < bytes_of(CONTAINER["resources"]["limits"]["ephemeral-storage"])


def test_requests_end_within_the_grace_period() -> None:
    pause, deadline = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"], Options.read(SETTINGS).deadline
    assert POD["terminationGracePeriodSeconds"] >= pause + 2 * deadline


def test_the_keys_are_where_the_setting_says() -> None:
    volumes = {each["name"]: each for each in POD["volumes"]}
    (mount,) = [each for each in CONTAINER["volumeMounts"] if "secret" in volumes[each["name"]]]
    secret = volumes[mount["name"]]["secret"]
    examples = {each["metadata"]["name"]: each["stringData"] for each in manifests("example")}
    (key,) = examples[secret["secretName"]]
    assert SETTINGS["JOURNEYMAN_API_KEYS_FILE"] == f"{mount['mountPath']}/{key}"
    assert "subPath" not in mount  # which Kubernetes would not change while it runs
    assert not secret.get("optional")


def test_the_examples_of_secrets_hold_none(tmp_path: Any) -> None:
    examples = {each["metadata"]["name"]: each["stringData"] for each in manifests("example")}
    assert set(examples) == {"endpoint-keys", "endpoint-store"}
    (tmp_path / "keys").write_text(examples["endpoint-keys"]["keys"])
    assert Keys(tmp_path / "keys").name({b"x-api-key": b""}) is None
    assert not any(examples["endpoint-store"].values())
    listed = yaml.safe_load((FOLDER / "example" / "kustomization.yaml").read_text())["resources"]
    assert listed == ["../endpoint"]


# --- how many pods


def test_the_autoscaler_asks_for_what_the_adapter_makes() -> None:
    scaler = manifest("scaling", "HorizontalPodAutoscaler")["spec"]
    asked = [each["pods"]["metric"]["name"] for each in scaler["metrics"]]
    assert sorted(asked) == sorted(rule["name"]["as"] for rule in ADAPTER)
    assert scaler["scaleTargetRef"]["name"] == manifest("endpoint", "Deployment")["metadata"]["name"]
    assert (
        scaler["minReplicas"]
        >= DEPLOYMENT["replicas"]
        > manifest("endpoint", "PodDisruptionBudget")["spec"]["maxUnavailable"]
    )


@pytest.mark.parametrize("rule", ADAPTER, ids=lambda rule: rule["name"]["as"])
def test_the_adapter_reads_gauges_that_an_endpoint_shows(rule: dict[str, Any]) -> None:
    query = rule["metricsQuery"]
    read = set(re.findall(r"journeyman_\w+", query))
    assert read
    assert read <= GAUGES
    assert rule["seriesQuery"].partition("{")[0] in read
    assert query.count("<<.LabelMatchers>>") == len(read)  # else it would take all pods together
    assert set(rule["resources"]["overrides"]) == {"namespace", "pod"}


def test_one_pod_s_queue_is_longer_than_what_the_autoscaler_wants() -> None:
    targets = {
        each["pods"]["metric"]["name"]: each["pods"]["target"]["averageValue"]
        for each in manifest("scaling", "HorizontalPodAutoscaler")["spec"]["metrics"]
    }
    assert int(targets["journeyman_requests_in_hand"]) <= Options.read(SETTINGS).queue / 2
    assert int(targets["journeyman_utilisation"].removesuffix("m")) < 1000


# --- every pod


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_a_pod_may_do_little(name: str, pod: Manifest) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert {pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]} == {10001}
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is (name == "worker")
    for container in (*pod["containers"], *pod.get("initContainers", [])):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
        }  # fmt: skip
        if name != "journeyman":  # whose TrainJob says it
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted <= {volume["name"] for volume in pod["volumes"]}


def test_all_kinds_of_pods_are_looked_at() -> None:
    assert [name for name, _ in PODS] == [
        "endpoint",
        "prepare-fraud",
        "score-garments",
        "journeyman",
        "worker",
        "prefect",
    ]


# --- jobs


JOBS = {each["metadata"]["name"]: each["spec"] for each in manifests("jobs") if each["kind"] == "Job"}


def test_shards_are_as_many_as_pods() -> None:
    job = JOBS["score-garments"]
    (container,) = job["template"]["spec"]["containers"]
    said = container["args"][container["args"].index("--shard") + 1]
    shards = [Shard.parse(said.replace("$(JOB_COMPLETION_INDEX)", str(index))) for index in range(job["completions"])]
    assert [shard.index for shard in shards] == list(range(shards[0].count))
    assert container["command"][:3] == ["python", "-m", "flows.score"]


def test_partitions_are_as_many_as_pods() -> None:
    job = JOBS["prepare-fraud"]
    (container,) = job["template"]["spec"]["containers"]
    (said,) = container["args"]
    assert said.endswith(f'--partition "$JOB_COMPLETION_INDEX/{job["completions"]}"')
    assert [each["name"] for each in container["env"]] == ["JOB_COMPLETION_INDEX"]


def test_jobs_run_modules_that_are_there() -> None:
    train = manifest("jobs", "TrainJob")["spec"]["trainer"]
    (preparing,) = (each["args"] for each in JOBS["prepare-fraud"]["template"]["spec"]["containers"])
    (scoring,) = (each["command"] for each in JOBS["score-garments"]["template"]["spec"]["containers"])
    told = [scoring, train["args"], preparing[0].split()]
    for words in told:
        assert find_spec(words[words.index("-m") + 1]) is not None


def test_a_training_is_restarted_as_it_has_to_be() -> None:
    job, runtime = manifest("jobs", "TrainJob")["spec"], manifest("jobs", "TrainingRuntime")
    told = {each["name"]: each["value"] for each in job["trainer"]["env"]}
    assert told["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] == "1"
    assert {"GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"} <= set(told)
    assert job["runtimeRef"]["name"] == runtime["metadata"]["name"]
    sets = runtime["spec"]["template"]["spec"]
    assert sets["failurePolicy"]["maxRestarts"] > 0
    assert "ttlSecondsAfterFinished" not in yaml.safe_dump([job, sets])


# --- the pool of flows


def test_the_job_template_takes_the_variables_that_it_declares() -> None:
    template = job_template()
    declared = set(template["variables"]["properties"])
    used = set(re.findall(r"\{\{ (\w+) \}\}", yaml.safe_dump(template["job_configuration"])))
    assert used == declared
    manifest = template["job_configuration"]["job_manifest"]["spec"]
    assert manifest["backoffLimit"] == 0
    assert "parallelism" not in manifest["template"]["spec"]


def test_a_job_has_a_home_of_its_own() -> None:
    template = job_template()
    (pod,) = [pod for name, pod in PODS if name == "prefect"]
    home = template["variables"]["properties"]["env"]["default"]["PREFECT_HOME"]
    assert any(home.startswith(f"{folder}/") for folder in writable(pod, pod["containers"][0]))
    (worker,) = [pod for name, pod in PODS if name == "worker"]
    theirs = {each["name"]: each.get("value", "") for each in worker["containers"][0]["env"]}["PREFECT_HOME"]
    assert home != theirs
    assert any(theirs.startswith(f"{folder}/") for folder in writable(worker, worker["containers"][0]))


def test_the_pool_s_deployments_are_the_project_s() -> None:
    here = yaml.safe_load((FOLDER / "work-pool" / "prefect.yaml").read_text())
    there = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    assert here["prefect-version"] == there["prefect-version"]
    project = {each["name"]: {**each, "work_pool": None} for each in there["deployments"]}
    for each in here["deployments"]:
        assert {**each, "work_pool": None} == project[each["name"]]
        assert set(each["work_pool"].get("job_variables", {})) <= set(job_template()["variables"]["properties"])
    (worker,) = [pod for name, pod in PODS if name == "worker"]
    command = shlex.join(worker["containers"][0]["command"])
    assert {each["work_pool"]["name"] for each in here["deployments"]} == {"kubernetes"}
    assert "--pool kubernetes " in command
    (step,) = here["pull"]
    (prefect,) = [pod for name, pod in PODS if name == "prefect"]
    folder = step["prefect.deployments.steps.set_working_directory"]["directory"]
    assert folder == prefect["containers"][0]["workingDir"]
