"""Kubernetes: the training as a TrainJob of Kubeflow Trainer 2, asked by kubectl in its current context.

The object is the TrainJob of `deploy/kubernetes/jobs/train.yaml`, which a team fits to its cluster, under the job's
name and with its counts. The project's folder is on a volume that its pods share with who waits.
"""

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from components.config.errors import ConfigError
from components.training.launch.job import Job
from components.training.launch.state import State
from components.training.launch.tool import first_line, tool

if TYPE_CHECKING:
    from components.config.params import Training

MANIFEST = Path("deploy/kubernetes/jobs/train.yaml")
WORKER = "components.training.launch.worker"
_KIND = "trainjobs.trainer.kubeflow.org"


class TrainJob:
    """Submits with `kubectl create`, asks with `kubectl get`."""

    every = 5.0

    def __init__(self, config: "Training") -> None:
        """Take the counts of processes and of nodes from the section `train`."""
        self._nodes, self._devices = config.nodes, config.devices

    def submit(self, job: Job) -> str:
        """Create the object, unless it is there; return its name."""
        job.log.parent.mkdir(parents=True, exist_ok=True)
        said = tool("kubectl", "create", "--filename=-", given=json.dumps(self.manifest(job)))
        if said.returncode and "AlreadyExists" not in said.stderr:
            raise ConfigError(f"train.launcher: trainjob: {first_line(said.stderr)}")
        return job.name

    def manifest(self, job: Job) -> dict[str, Any]:
        """Return the object.

        Raises:
            ConfigError: the file has no TrainJob whose command is torchrun.
        """
        try:
            found = yaml.safe_load_all(MANIFEST.read_text())
            made = copy.deepcopy(next(each for each in found if each["kind"] == "TrainJob"))
            trainer = made["spec"]["trainer"]
            options = trainer["args"][: trainer["args"].index("-m")]
        except (OSError, StopIteration, LookupError, TypeError, AttributeError, ValueError, yaml.YAMLError) as error:
            raise ConfigError(f"{MANIFEST}: no TrainJob that runs torchrun with -m; git has one") from error
        made["metadata"]["name"] = job.name
        kept = [option for option in options if not option.startswith("--rdzv-id")]
        trainer["args"] = [*kept, f"--rdzv-id={job.name}", "-m", WORKER, job.workload]
        trainer["numNodes"] = self._nodes
        if self._devices != "auto":
            trainer["numProcPerNode"] = self._devices
        said = [{"name": name, "value": value} for name, value in job.variables.items()]
        trainer["env"] = [*trainer.get("env", []), *said]
        return dict(made)

    def find(self, job: Job) -> str | None:
        """Return the job's name, if there is such an object."""
        said = tool("kubectl", "get", _KIND, job.name, "--ignore-not-found", "--output=name")
        return job.name if said.stdout.strip() else None

    def state(self, job: Job) -> State:
        """Return the condition that holds; an object that is gone was deleted by a person."""
        said = tool("kubectl", "get", _KIND, job.name, "--ignore-not-found", "--output=json")
        if said.returncode:
            return State(alive=True, said=f"is not known of for a while ({first_line(said.stderr)})")
        if not said.stdout.strip():
            return State(alive=False, said="was deleted", cancelled=True)
        return state_of(json.loads(said.stdout))

    def cancel(self, job: Job) -> None:
        """Delete it, if it is there.

        Raises:
            ConfigError: the cluster cannot be asked.
        """
        said = tool("kubectl", "delete", _KIND, job.name, "--ignore-not-found", "--wait=false")
        if said.returncode:
            raise ConfigError(first_line(said.stderr))

    def left(self, job: Job) -> str:
        """Return that it goes on."""
        ends = f"kubectl delete trainjob {job.name}"
        return f"job {job.name} goes on; the same command waits for it again, and `{ends}` ends it"


def state_of(found: dict[str, Any]) -> State:
    """Return what the conditions of a TrainJob say."""
    conditions = (found.get("status") or {}).get("conditions") or []
    holds = {each["type"]: each.get("message") or each["type"] for each in conditions if each["status"] == "True"}
    for ended in ("Complete", "Failed"):
        if ended in holds:
            return State(alive=False, said=f"has ended: {holds[ended]}")
    return State(alive=True, said="is suspended" if "Suspended" in holds else "is under way")
